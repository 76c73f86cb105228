// Programs whose build says that something is hidden in them.
//
// Packing is no crime: the PE rules are suspicious only, and keep quiet about
// programs that say who made them (version information, a signature) or that
// were packed by a packer that says its name.

import "pe"
import "math"

rule pe_renamed_upx
{
    meta:
        name = "Heur.PE.RenamedUpx"
        class = "suspicious"
        severity = 50
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "Program packed by UPX whose marks were removed so that it cannot be unpacked by UPX"
        reference = "https://attack.mitre.org/techniques/T1027/002/"
    strings:
        // the loader's first instructions, 32 and 64 bit
        $stub32 = { 60 BE ?? ?? ?? ?? 8D BE ?? ?? ?? ?? 57 }
        $stub64 = { 53 56 57 55 48 8D 35 ?? ?? ?? ?? 48 8D BE ?? ?? ?? ?? }
        $mark = "UPX!"
    condition:
        // UPX's own output keeps its section names and its mark: honest.
        pe.is_pe and pe.sections.len() >= 2 and
        pe.sections[0].raw_data_size == 0 and pe.sections[0].virtual_size > 0 and
        pe.sections[0].name != "UPX0" and not $mark in (0 .. 4096) and
        ($stub32 at pe.entry_point or $stub64 at pe.entry_point)
}

rule pe_packed
{
    meta:
        name = "Heur.PE.Packed"
        class = "suspicious"
        severity = 40
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "Program with hardly any imports and an executable section of random bytes"
        reference = "https://attack.mitre.org/techniques/T1027/002/"
    condition:
        // Compiled code stays below 7 bits a byte and imports what it uses.
        // Left out: .NET (imports one function by design), drivers and
        // firmware, what is signed or names its maker, and UPX by name.
        uint16(0) == 0x5A4D and pe.is_pe and
        (pe.subsystem == pe.SUBSYSTEM_WINDOWS_GUI or pe.subsystem == pe.SUBSYSTEM_WINDOWS_CUI) and
        pe.number_of_imported_functions <= 8 and
        pe.signatures.len() == 0 and pe.number_of_version_infos == 0 and
        pe.data_directories[pe.IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR].size == 0 and
        pe.sections[0].name != "UPX0" and
        for any section in pe.sections : (
            section.characteristics & pe.SECTION_MEM_EXECUTE != 0 and
            section.raw_data_size >= 4096 and
            math.entropy(section.raw_data_offset, section.raw_data_size) > 7.5
        )
}

rule pe_heavy_overlay
{
    meta:
        name = "Heur.PE.HeavyOverlay"
        class = "suspicious"
        severity = 30
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "Small anonymous program with a large block of random bytes behind it"
        reference = "https://attack.mitre.org/techniques/T1027/009/"
    strings:
        // Installers and self-extractors whose overlay is to be expected.
        $nsis = "NullsoftInst"
        $inno = "Inno Setup"
        $python = "pyi-"
        $rar = "Rar!\x1A\x07"
        $seven = "7z\xBC\xAF\x27\x1C"
        $end_of_zip = "PK\x05\x06"
    condition:
        // Left out as well: what is signed or names its maker; overlays that
        // are a known container (ZIP, CAB, OLE, gzip, xz, zstd) or too even or
        // too plain to be encrypted.
        uint16(0) == 0x5A4D and pe.is_pe and
        pe.signatures.len() == 0 and pe.number_of_version_infos == 0 and
        pe.overlay.size >= 65536 and pe.overlay.size > 8 * (filesize - pe.overlay.size) and
        uint32be(pe.overlay.offset) != 0x504B0304 and uint32be(pe.overlay.offset) != 0x4D534346 and
        uint32be(pe.overlay.offset) != 0xD0CF11E0 and uint16be(pe.overlay.offset) != 0x1F8B and
        uint32be(pe.overlay.offset) != 0xFD377A58 and uint32be(pe.overlay.offset) != 0x28B52FFD and
        none of them and
        math.entropy(pe.overlay.offset, 65536) > 7.99
}

rule elf_preload_hook
{
    meta:
        name = "Heur.ELF.PreloadHook"
        class = "suspicious"
        severity = 70
        author = "The Pellucid developers"
        licence = "MIT OR Apache-2.0"
        description = "Shared library that wraps the reading of directories and knows the list of preloaded libraries"
        reference = "https://attack.mitre.org/techniques/T1574/006/"
    strings:
        $preload = "/etc/ld.so.preload"
        $process = "/proc/self/fd/"
        $readdir = "readdir64" fullword
        $next = "dlsym" fullword
        $interpreter = /\/ld-(linux|musl)/
    condition:
        // The dynamic loader names the list but reads no directories; sandboxes
        // and tracers wrap readdir but leave the list alone; scanners for
        // rootkits are programs, which name their interpreter. (The module elf
        // would tell wrapped from called, but it reads every symbol of every
        // ELF file: 1.5 s for a program of 100 MB.)
        uint32be(0) == 0x7F454C46 and uint16(16) == 3 and filesize < 8MB and
        $preload and $process and $readdir and $next and not $interpreter
}
