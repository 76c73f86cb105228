//! Gives the shared library the name by which programs ask for it: one SONAME for each major version.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let elf = std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux");
    if elf {
        let major = env!("CARGO_PKG_VERSION_MAJOR");
        println!("cargo::rustc-link-arg-cdylib=-Wl,-soname,libpellucid.so.{major}");
    }
}
