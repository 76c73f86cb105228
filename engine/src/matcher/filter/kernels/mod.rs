//! The filter's probes: plain Rust, and the same for each instruction set, chosen at run time.
//!
//! A kernel looks at windows that begin eight bytes apart (*wide*: eight bytes, words of 64 bits) or
//! four (*narrow*: one to eight bytes, words of 32 bits); the caller moves the start of the text to get
//! at the positions in between. Kernels differ in speed only: each is tested against [`portable`].

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
pub(super) mod portable;
pub(super) mod prefetch;

use zerocopy::little_endian::{U32, U64};

use super::candidates::Candidates;

/// A filter for windows of eight bytes, probed eight bytes apart. There are `1 << log2_words` words, of
/// which `log2_words` is at least 1 and at most 31: whoever makes one checks that.
#[derive(Clone, Copy)]
pub(super) struct Wide<'s> {
    pub(super) words: &'s [U64],
    pub(super) log2_words: u32,
}

/// A filter for windows that are probed at smaller distances; the same holds.
#[derive(Clone, Copy)]
pub(super) struct Narrow<'s> {
    pub(super) words: &'s [U32],
    pub(super) log2_words: u32,
    /// The window's bytes.
    pub(super) mask: u64,
}

/// What a narrow filter is asked for: windows that begin at every fourth position of a text.
#[derive(Clone, Copy)]
pub(super) struct Lanes<'t> {
    /// From the first window to the end of the last one, or as far as there is data.
    pub(super) text: &'t [u8],
    /// How many windows.
    pub(super) count: usize,
}

impl<'t> Lanes<'t> {
    /// Without the first ones.
    fn skip(self, count: usize) -> Self {
        let text = self.text.get(count.wrapping_mul(4)..).unwrap_or_default();
        Self { text, count: self.count.saturating_sub(count) }
    }

    /// `N` bytes from the start of every `N / 4`th lane on, and the same four bytes further on: for as
    /// many as there are whole.
    fn vectors<const N: usize>(self) -> impl ExactSizeIterator<Item = (&'t [u8; N], &'t [u8; N])> {
        let (here, _) = self.text.as_chunks();
        let (further, _) = self.text.get(4..).unwrap_or_default().as_chunks();
        here.iter().zip(further).take(self.count / (N / 4))
    }
}

/// An instruction set that the filter's probes are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kernel {
    /// No more than Rust promises.
    Portable,
    /// 256-bit vectors with gathering loads.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// 512-bit vectors with gathering loads and compressing stores.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// 128-bit vectors.
    #[cfg(target_arch = "aarch64")]
    Neon,
}

impl Kernel {
    /// Those that this processor can run, the fastest last.
    pub fn available() -> Vec<Self> {
        #[cfg_attr(not(any(target_arch = "x86_64", target_arch = "aarch64")), expect(unused_mut))]
        let mut kernels = vec![Kernel::Portable];
        #[cfg(target_arch = "x86_64")]
        if std::is_x86_feature_detected!("avx2") {
            kernels.push(Kernel::Avx2);
        }
        #[cfg(target_arch = "x86_64")]
        if avx512::can_run() {
            kernels.push(Kernel::Avx512);
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("neon") {
            kernels.push(Kernel::Neon);
        }
        kernels
    }

    /// The fastest that this processor can run.
    pub fn best() -> Self {
        static BEST: std::sync::OnceLock<Kernel> = std::sync::OnceLock::new();
        *BEST.get_or_init(|| Self::available().pop().unwrap_or(Kernel::Portable))
    }

    /// Probes every eighth position of `text`; what may match is put behind the candidates, counted
    /// from `base`.
    pub(super) fn wide(self, filter: Wide<'_>, text: &[u8], base: u32, out: &mut Candidates) {
        match self {
            Kernel::Portable => portable::wide(filter, text, base, out),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2 => avx2::wide(filter, text, base, out),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx512 => avx512::wide(filter, text, base, out),
            #[cfg(target_arch = "aarch64")]
            Kernel::Neon => neon::wide(filter, text, base, out),
        }
    }

    /// Probes every fourth position of a text; windows that leave it end in zeros.
    pub(super) fn narrow(
        self,
        filter: Narrow<'_>,
        text: Lanes<'_>,
        base: u32,
        out: &mut Candidates,
    ) {
        match self {
            Kernel::Portable => portable::narrow(filter, text, base, out),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2 => avx2::narrow(filter, text, base, out),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx512 => avx512::narrow(filter, text, base, out),
            #[cfg(target_arch = "aarch64")]
            Kernel::Neon => neon::narrow(filter, text, base, out),
        }
    }
}
