"""The demo cluster of the commands."""

from __future__ import annotations

from k9py.api.meta import ObjectRef
from k9py.cli.demo import DemoCluster


async def test_two_demos_share_no_uid_so_audit_lines_of_one_do_not_match_the_other() -> None:
    deployments = []
    for _ in range(2):
        with DemoCluster("bad-release") as demo:
            connection = await demo.connect(demo.options)
            try:
                deployments.append(await connection.get(ObjectRef("Deployment", "shop", "checkout")))
            finally:
                await connection.aclose()
    first, second = (deployment["metadata"] for deployment in deployments)
    assert first["uid"] != second["uid"]
    assert first["name"] == second["name"]
