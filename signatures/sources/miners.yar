// Coin miners for Linux that came with somebody's settings.
//
// A miner is a program that people install knowingly, so the bare one is only
// "potentially unwanted"; one that carries a pool and a wallet inside serves
// whoever built it.

rule elf_miner_configured
{
    meta:
        name = "Trojan.ELF.Miner.Configured"
        class = "malicious"
        severity = 80
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "Mining program with a pool's address and a wallet built in"
        reference = "https://attack.mitre.org/techniques/T1496/"
    strings:
        $pool = /stratum\+(tcp|ssl|tls):\/\/[\w.-]{4,64}:[0-9]{2,5}/
        // a Monero address: 95 characters of base 58 beginning with 4 or 8
        $wallet = /("user"\s{0,4}:\s{0,4}"|--user[ =\x00]|-u[ \x00])[48][0-9AB][1-9A-HJ-NP-Za-km-z]{93}[^1-9A-HJ-NP-Za-km-z]/
    condition:
        // Packaged miners name pools in their help but no wallet.
        uint32be(0) == 0x7F454C46 and $pool and $wallet
}

rule elf_miner_xmrig
{
    meta:
        name = "PUA.ELF.Miner.XMRig"
        class = "pua"
        severity = 40
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "XMRig or a miner made from it"
        reference = "https://attack.mitre.org/techniques/T1496/"
    strings:
        $pool = /stratum\+(tcp|ssl|tls):\/\//
        $donation = "donate-level"
        $key1 = "cryptonight"
        $key2 = "randomx"
        $key3 = "rig-id"
        $key4 = "nicehash"
    condition:
        // Wallets and proxies know the protocol or an algorithm, only miners
        // the donation and the rig.
        uint32be(0) == 0x7F454C46 and $pool and $donation and 2 of ($key*)
}
