//! `miners.yar`: coin miners for Linux.

use super::build::{EXECUTABLE, elf};
use super::{Sample, hit, miss, plain};

const CONFIGURED: &str = "Trojan.ELF.Miner.Configured";
const XMRIG: &str = "PUA.ELF.Miner.XMRig";

pub(super) fn samples() -> Vec<Sample> {
    let pool = plain("strat·um+tcp://pool.example.org:3333");
    let wallet = format!("48{}", "a1B2c3D4e".repeat(11)).chars().take(95).collect::<String>();
    let miner = plain("strat·um+tcp://\0donate·-level\0crypto·night\0rando·mx\0--rig·-id\0");
    let program = |text: &str| elf(EXECUTABLE, text);
    let settings = format!("{{\"url\": \"{pool}\", \"user\": \"{wallet}\"}}");
    vec![
        hit(CONFIGURED, "settings inside", program(&settings)),
        hit(CONFIGURED, "arguments inside", program(&format!("-o {pool} -u {wallet} -p x\0"))),
        miss(
            CONFIGURED,
            "pool without a wallet",
            program(&format!("Usage: miner -o {pool} -u WALLET\0")),
        ),
        miss(CONFIGURED, "wallet without a pool", program(&format!("\"user\": \"{wallet}\"\0"))),
        miss(CONFIGURED, "a user's settings", settings),
        hit(XMRIG, "by its options", program(&miner)),
        hit(
            XMRIG,
            "a fork's options",
            program(&plain("donate·-level\0nice·hash\0rig·-id\0strat·um+ssl://\0")),
        ),
        miss(
            XMRIG,
            "a wallet program",
            program(&plain("crypto·night\0rando·mx\0strat·um+tcp://\0")),
        ),
        miss(XMRIG, "documentation", miner),
    ]
}
