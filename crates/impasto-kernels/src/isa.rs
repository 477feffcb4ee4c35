//! The instruction set a kernel runs on, chosen once at run time.

use std::fmt;
use std::str::FromStr;

#[cfg(target_arch = "aarch64")]
use crate::simd::Neon;
#[cfg(target_arch = "x86_64")]
use crate::simd::{Avx2, Avx512};
use crate::simd::{Portable, Simd};

/// An instruction set that the kernels are compiled for.
///
/// Results differ between sets in the last bits, those of [`Amx`](Isa::Amx) by more; on one set they never depend on the
/// number of threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Isa {
    /// Plain loops over arrays that the compiler vectorises for the target's baseline (SSE2, NEON).
    Portable,
    /// NEON of AArch64: 4 lanes in 32 registers. Every such processor has it, and no other.
    Neon,
    /// AVX2 with fused multiply-add: 8 lanes.
    Avx2,
    /// AVX-512F: 16 lanes.
    Avx512,
    /// AVX-512, and beside it the matrix unit of Intel processors since Sapphire Rapids, on Linux. It multiplies numbers
    /// rounded to bfloat16, 8 bits of precision: [`RoundedConvolution3x3`](crate::RoundedConvolution3x3) is off by some
    /// thousandths. Other kernels do as with AVX-512.
    Amx,
}

impl Isa {
    /// All sets, slowest first.
    pub const ALL: [Isa; 5] = [Isa::Portable, Isa::Neon, Isa::Avx2, Isa::Avx512, Isa::Amx];

    /// The fastest set that this machine has and that computes in f32 throughout.
    pub fn detect() -> Isa {
        let suits = |isa: &Isa| !isa.rounds() && isa.is_available();
        Isa::ALL.into_iter().rev().find(suits).unwrap_or(Isa::Portable)
    }

    /// The fastest set that this machine has, for those who accept that it [rounds](Isa::rounds).
    pub fn fastest() -> Isa {
        if Isa::Amx.is_available() { Isa::Amx } else { Isa::detect() }
    }

    /// Whether convolutions on this set may round what they multiply.
    pub fn rounds(self) -> bool {
        self == Isa::Amx
    }

    /// Whether this machine has the set.
    pub fn is_available(self) -> bool {
        match self {
            Isa::Portable => true,
            Isa::Neon => cfg!(target_arch = "aarch64"),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => is_x86_feature_detected!("avx512f"),
            #[cfg(target_arch = "x86_64")]
            Isa::Amx => crate::matrix_unit::is_available(),
            #[cfg(not(target_arch = "x86_64"))]
            Isa::Avx2 | Isa::Avx512 | Isa::Amx => false,
        }
    }

    /// Runs `kernel` compiled for this set.
    ///
    /// # Panics
    /// If this machine does not have the set.
    ///
    /// # Safety
    /// The kernel's pointers must be valid as its implementation says, and nothing else may write there.
    pub(crate) unsafe fn run<K: Kernel>(self, kernel: K) -> K::Output {
        assert!(self.is_available(), "this machine has no {self}");
        match self {
            // SAFETY: the caller keeps the kernel's contract; plain loops need no features.
            Isa::Portable => unsafe { kernel.run::<Portable>() },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: as above; NEON is part of AArch64.
            Isa::Neon => unsafe { kernel.run::<Neon>() },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above, and the features were just found to be there.
            Isa::Avx2 => unsafe { run_avx2(kernel) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Isa::Avx512 => unsafe { run_avx512(kernel) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Isa::Amx => unsafe { run_amx(kernel) },
            _ => unreachable!("availability was checked"),
        }
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Isa::Portable => "portable",
            Isa::Neon => "neon",
            Isa::Avx2 => "avx2",
            Isa::Avx512 => "avx512",
            Isa::Amx => "amx",
        })
    }
}

/// A name that is no instruction set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IsaNameError(String);

impl fmt::Display for IsaNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown instruction set {:?}: expected portable, neon, avx2, avx512 or amx", self.0)
    }
}

impl std::error::Error for IsaNameError {}

impl FromStr for Isa {
    type Err = IsaNameError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Isa::ALL.into_iter().find(|isa| isa.to_string() == name).ok_or_else(|| IsaNameError(name.to_owned()))
    }
}

/// The arguments of one kernel, which runs on any [`Simd`].
pub(crate) trait Kernel {
    /// What it returns.
    type Output;

    /// Does the work. Implementations are `#[inline(always)]`, so that they are compiled into the caller
    /// that enables the instruction set.
    ///
    /// # Safety
    /// The instruction set of `S` must be available, and the pointers among the arguments must be valid
    /// as the implementation says.
    unsafe fn run<S: Simd>(self) -> Self::Output;
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: the caller has checked the features; the rest is the kernel's contract.
    unsafe { kernel.run::<Avx2>() }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn run_avx512<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: as in `run_avx2`.
    unsafe { kernel.run::<Avx512>() }
}

/// Tiles are not for vector kernels; what rounds maps for them is.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn run_amx<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: as in `run_avx2`.
    unsafe { kernel.run::<Avx512>() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_foreign_ones_are_refused() {
        for isa in Isa::ALL {
            assert_eq!(isa.to_string().parse(), Ok(isa));
        }
        assert!("sse9".parse::<Isa>().unwrap_err().to_string().contains("\"sse9\""));
    }

    #[test]
    fn the_detected_set_is_available() {
        assert!(Isa::detect().is_available());
        assert!(!Isa::detect().rounds());
        assert!(Isa::fastest().is_available());
    }

    #[test]
    fn neon_is_the_set_of_aarch64_and_of_no_other() {
        let aarch64 = cfg!(target_arch = "aarch64");
        assert_eq!(Isa::Neon.is_available(), aarch64);
        assert_eq!(Isa::detect() == Isa::Neon, aarch64);
    }
}
