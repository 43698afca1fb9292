"""Which proxy is used, by the rules of Go."""

from __future__ import annotations

import pytest

from k9py.api.errors import ConfigError
from k9py.kube.proxy import proxy_for

SERVER = "https://api.shop.test:6443"


@pytest.mark.parametrize(
    ("proxy_url", "environ", "expected"),
    [
        (None, {}, None),
        ("http://p:3128", {}, "http://p:3128"),
        (None, {"HTTPS_PROXY": "http://p:3128"}, "http://p:3128"),
        (None, {"https_proxy": "p:3128"}, "http://p:3128"),
        (None, {"HTTP_PROXY": "http://p:3128"}, None),
        ("http://own:1", {"HTTPS_PROXY": "http://p:3128"}, "http://own:1"),
        ("http://own:1", {"NO_PROXY": "shop.test"}, "http://own:1"),
        ("SOCKS5://own:1", {"NO_PROXY": "*"}, "socks5://own:1"),
        (None, {"HTTPS_PROXY": "http://p:3128", "no_proxy": "*"}, None),
        (None, {"HTTPS_PROXY": "socks5h://p"}, "socks5h://p"),
        (None, {"HTTPS_PROXY": "tcp://p:3128"}, "http://p:3128"),
    ],
)
def test_proxy_url_goes_before_the_environment_and_its_no_proxy(
    proxy_url: str | None, environ: dict[str, str], expected: str | None
) -> None:
    assert proxy_for(SERVER, proxy_url, environ) == expected


@pytest.mark.parametrize(
    ("server", "no_proxy", "direct"),
    [
        ("https://api.shop.test:6443", "shop.test", True),
        ("https://api.shop.test:6443", ".shop.test", True),
        ("https://api.shop.test:6443", "*.shop.test", True),
        ("https://api.shop.test:6443", "op.test", False),
        ("https://shop.test", ".shop.test", False),
        ("https://API.shop.test", "api.SHOP.test", True),
        ("https://api.shop.test:6443", "api.shop.test:6443", True),
        ("https://api.shop.test:6443", "api.shop.test:443", False),
        ("https://10.1.2.3:6443", "10.0.0.0/8", True),
        ("https://10.1.2.3:6443", "10.1.2.3", True),
        ("https://11.1.2.3:6443", "10.0.0.0/8,other", False),
        ("https://[fd00::1]:6443", "fd00::/8", True),
        ("https://[fd00::1]:6443", "[fd00::1]:6443", True),
        ("https://[fd00::1]:6443", "fd00::1", True),
        ("https://api.shop.test", "10.0.0.0/8, ,", False),
    ],
)
def test_no_proxy_excepts_names_domains_addresses_and_networks(server: str, no_proxy: str, direct: bool) -> None:
    assert (proxy_for(server, None, {"HTTPS_PROXY": "http://p:1", "NO_PROXY": no_proxy}) is None) is direct


@pytest.mark.parametrize("server", ["http://127.0.0.1:8080", "http://localhost:8080", "https://[::1]:6443"])
def test_loopback_is_never_proxied_by_the_environment(server: str) -> None:
    assert proxy_for(server, None, {"HTTP_PROXY": "http://p:1", "HTTPS_PROXY": "http://p:1"}) is None


@pytest.mark.parametrize(
    "proxy_url",
    ["socks4://me:s3cr3t@p:1080", "me:s3cr3t@p:1080", "p:1080", "http://", "http://me:s3cr3t@p:no", " http://p:1"],
)
def test_an_invalid_proxy_url_is_refused_without_showing_its_password(proxy_url: str) -> None:
    with pytest.raises(ConfigError, match="The cluster shop has an invalid proxy-url") as caught:
        proxy_for(SERVER, proxy_url, {}, cluster="shop")
    assert "s3cr3t" not in caught.value.message
    assert "socks5://HOST:PORT" in caught.value.hint


@pytest.mark.parametrize(
    ("value", "expected"), [("socks4://u:s3cr3t@p:1", "does not support: socks4://p:1"), ("http://", "host")]
)
def test_a_proxy_of_the_environment_that_cannot_be_used_names_the_variable(value: str, expected: str) -> None:
    with pytest.raises(ConfigError, match=f"HTTPS_PROXY .*{expected}"):
        proxy_for(SERVER, None, {"https_proxy": value})
