#!/bin/sh
# Signs the program in this folder again, with new keys that are thrown away. Needs OpenSSL and
# osslsigncode (Debian's packages of these names). The certificates end in 2048, within UTCTime.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

osslsigncode remove-signature -in signed.exe -out "$work/plain.exe"
certificate() { # name, issuer, extensions
    openssl req -newkey rsa:2048 -nodes -keyout "$work/$1.key" -out "$work/$1.csr" \
        -subj "/C=XX/O=Pellucid/CN=Test $1"
    printf '%s\n' "$3" > "$work/$1.extensions"
    if [ "$1" = "$2" ]; then signed_by="-signkey $work/$1.key"
    else signed_by="-CA $work/$2.pem -CAkey $work/$2.key -CAcreateserial"; fi
    openssl x509 -req -in "$work/$1.csr" $signed_by -days 8000 -sha256 \
        -extfile "$work/$1.extensions" -out "$work/$1.pem"
}
certificate root root 'basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign'
certificate leaf root 'keyUsage=critical,digitalSignature
extendedKeyUsage=codeSigning'
osslsigncode sign -certs "$work/leaf.pem" -ac "$work/root.pem" -key "$work/leaf.key" -h sha256 \
    -n Example -in "$work/plain.exe" -out "$work/signed.exe"
mv "$work/signed.exe" signed.exe
