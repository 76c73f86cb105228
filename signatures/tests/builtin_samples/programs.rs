//! `programs.yar`: programs whose build says that something is hidden in them.

use super::build::{CODE, SHARED, Section, WRITABLE_CODE, elf, noise, pe};
use super::{Sample, hit, miss, plain};

const UPX: &str = "Heur.PE.RenamedUpx";
const PACKED: &str = "Heur.PE.Packed";
const OVERLAY: &str = "Heur.PE.HeavyOverlay";
const PRELOAD: &str = "Heur.ELF.PreloadHook";

/// The first instructions of UPX's loader, 32 bit, and nothing behind them.
const UPX_LOADER: &[u8] = b"\x60\xBE\0\x10\x40\0\x8D\xBE\0\xF0\xFF\xFF\x57";

pub(super) fn samples() -> Vec<Sample> {
    [renamed_upx(), packed(), overlay(), preload()].into_iter().flatten().collect()
}

/// A program of one empty section and one with this code, as UPX lays programs out.
fn upx(first: &'static str, second: &'static str, mark: &[u8]) -> Vec<u8> {
    let data = [UPX_LOADER, mark, &[0x90; 600]].concat();
    let empty = Section { name: first, data: Vec::new(), flags: WRITABLE_CODE };
    pe(vec![empty, Section { name: second, data, flags: WRITABLE_CODE }], 1, 4, false)
}

fn program(name: &'static str, code: Vec<u8>, imports: u32, dot_net: bool) -> Vec<u8> {
    pe(vec![Section { name, data: code, flags: CODE }], 0, imports, dot_net)
}

fn renamed_upx() -> Vec<Sample> {
    let other_code = pe(
        vec![
            Section { name: ".text", data: Vec::new(), flags: WRITABLE_CODE },
            Section { name: ".data", data: vec![0x90; 600], flags: WRITABLE_CODE },
        ],
        1,
        4,
        false,
    );
    vec![
        hit(UPX, "renamed like a compiler's", upx(".text", ".data", b"")),
        hit(UPX, "renamed to nothing", upx("", "", b"")),
        miss(UPX, "as UPX leaves it", upx("UPX0", "UPX1", b"UPX!")),
        miss(UPX, "renamed, but marked", upx(".a", ".b", b"UPX!")),
        miss(UPX, "another loader", other_code),
    ]
}

fn packed() -> Vec<Sample> {
    let code: Vec<u8> = noise(16384);
    let plain_code: Vec<u8> = noise(16384).into_iter().map(|byte| byte & 0x3F).collect();
    vec![
        hit(PACKED, "random code, three imports", program(".text", code.clone(), 3, false)),
        hit(PACKED, "no imports", program("pack", code.clone(), 0, false)),
        miss(PACKED, "ordinary code", program(".text", plain_code, 3, false)),
        miss(PACKED, "ordinary imports", program(".text", code.clone(), 60, false)),
        miss(PACKED, "packed by UPX, openly", program("UPX0", code.clone(), 3, false)),
        miss(PACKED, ".NET", program(".text", code, 1, true)),
    ]
}

fn overlay() -> Vec<Sample> {
    let stub = || program(".text", vec![0x90; 512], 20, false);
    let with = |overlay: Vec<u8>| [stub(), overlay].concat();
    let noise = noise(150_000);
    let marked = |mark: &[u8]| with([mark, &noise].concat());
    vec![
        hit(OVERLAY, "random bytes", with(noise.clone())),
        hit(OVERLAY, "behind a length", marked(&150_000_u32.to_le_bytes())),
        miss(OVERLAY, "an archive", marked(b"PK\x03\x04")),
        miss(OVERLAY, "an installer", marked(b"\xEF\xBE\xAD\xDENullsoftInst")),
        miss(OVERLAY, "plain data", with(b"some settings, again and again\n".repeat(5000))),
        miss(OVERLAY, "small", with(noise.iter().copied().take(20_000).collect())),
    ]
}

fn preload() -> Vec<Sample> {
    let library = plain("dlsym\0readdir64\0/etc/ld.so.pre·load\0/proc/self/fd/%d\0");
    let program = format!("/lib64/ld-linux-x86-64.so.2\0{library}");
    let tracer = plain("dlsym\0readdir64\0/proc/self/fd/%d\0LD_PRELOAD\0");
    let loader = plain("/etc/ld.so.pre·load\0/proc/self/fd/\0_dl_start\0");
    vec![
        hit(PRELOAD, "hides names", elf(SHARED, &library)),
        hit(PRELOAD, "hides names and ports", elf(SHARED, &format!("/proc/net/tcp\0{library}"))),
        miss(PRELOAD, "scanner for rootkits", elf(SHARED, &program)),
        miss(PRELOAD, "tracer", elf(SHARED, &tracer)),
        miss(PRELOAD, "dynamic loader", elf(SHARED, &loader)),
        miss(PRELOAD, "manual", library),
    ]
}
