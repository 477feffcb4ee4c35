//! Whether this machine has the matrix unit, and whether the system lets this program use it.

use std::sync::OnceLock;

/// Whether the unit can be used. Linux keeps the tiles of those programs alone that have asked; the first call asks.
pub(crate) fn is_available() -> bool {
    static AVAILABLE: OnceLock<bool> = OnceLock::new();
    *AVAILABLE.get_or_init(|| has_unit() && is_permitted())
}

/// Whether the processor has tiles of bfloat16 and the vector instructions used beside them, and the system saves the
/// tiles' state.
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn has_unit() -> bool {
    use std::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};

    /// Leaf 7, EDX: `amx_bf16`, `amx_tile`.
    const TILES: u32 = 1 << 22 | 1 << 24;
    /// Leaf 1, ECX: `osxsave`, without which XCR0 cannot be read.
    const SAVES_STATE: u32 = 1 << 27;
    /// XCR0: configuration and data of tiles.
    const TILE_STATE: u64 = 1 << 17 | 1 << 18;

    #[target_feature(enable = "xsave")]
    fn saved_state() -> u64 {
        // SAFETY: register 0 is there wherever the feature is.
        unsafe { _xgetbv(0) }
    }

    if !is_x86_feature_detected!("avx512f")
        || !is_x86_feature_detected!("avx512bw")
        || !is_x86_feature_detected!("avx512bf16")
        || !is_x86_feature_detected!("xsave")
    {
        return false;
    }
    // A processor with AVX-512 has leaf 7.
    let has_tiles = __cpuid_count(7, 0).edx & TILES == TILES;
    has_tiles
        && __cpuid(1).ecx & SAVES_STATE != 0
        // SAFETY: the feature was just found to be there.
        && unsafe { saved_state() } & TILE_STATE == TILE_STATE
}

/// Asks the system for the tiles, for all threads of this program.
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn is_permitted() -> bool {
    const ARCH_PRCTL: i64 = 158;
    /// `ARCH_REQ_XCOMP_PERM`, for the data of tiles.
    const REQUEST_PERMISSION: u64 = 0x1023;
    const TILE_DATA: u64 = 18;
    let answer: i64;
    // SAFETY: the call reads and writes no memory of this program; a kernel that does not know it answers with an error.
    unsafe {
        std::arch::asm!(
            "syscall",
            inlateout("rax") ARCH_PRCTL => answer,
            in("rdi") REQUEST_PERMISSION,
            in("rsi") TILE_DATA,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    answer == 0
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
fn has_unit() -> bool {
    false
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
fn is_permitted() -> bool {
    false
}
