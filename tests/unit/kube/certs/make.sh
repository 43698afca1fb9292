#!/bin/sh
# Makes the certificates the tests of kube/ use. They are for loopback only, nothing trusts them, and they are valid
# from 2020 to 2120 (expired.crt: for one day in 2020). The authorities' keys are thrown away.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
from=20200101000000Z
until=21200101000000Z
printf '%s\n' '[ca]' 'default_ca=it' '[it]' 'default_md=sha256' 'policy=any' 'unique_subject=no' 'rand_serial=yes' \
    "database=$work/index" "new_certs_dir=$work" '[any]' 'commonName=supplied' > "$work/ca.cnf"
: > "$work/index"

request() { # name
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" \
        -keyout "$1.key" -out "$work/$1.csr" 2>/dev/null
}
sign() { # name, end, extensions, arguments
    name=$1 end=$2
    printf '%s\n' "$3" > "$work/ext"
    shift 3
    openssl ca -batch -notext -config "$work/ca.cnf" -in "$work/$name.csr" -out "$name.crt" \
        -startdate $from -enddate "$end" -extfile "$work/ext" "$@" 2>/dev/null
}
authority() { # name
    request "$1"
    sign "$1" $until 'basicConstraints=critical,CA:TRUE' -selfsign -keyfile "$1.key"
}
leaf() { # name, end, extensions
    request "$1"
    sign "$1" "$2" "$3" -cert ca.crt -keyfile ca.key
}
authority ca
authority other-ca
leaf server $until 'subjectAltName=DNS:localhost,DNS:kube.test,IP:127.0.0.1'
leaf elsewhere $until 'subjectAltName=DNS:elsewhere.test'
leaf expired 20200102000000Z 'subjectAltName=DNS:localhost,IP:127.0.0.1'
leaf alice $until 'extendedKeyUsage=clientAuth'
leaf bob $until 'extendedKeyUsage=clientAuth'
openssl ec -in alice.key -aes256 -passout pass:secret -out encrypted.key 2>/dev/null
rm -f ca.key other-ca.key
