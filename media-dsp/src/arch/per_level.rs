//! How a function is compiled once for each level: [`per_level!`], the one place where the instructions
//! of a level are named and where what needs them is called.

/// Makes functions that run, at a [`Level`](super::Level), what is best there.
///
/// ```ignore
/// per_level! {
///     /// The open-loop lag of half a frame.
///     fn open_loop(speech: &[i16], start: usize) -> usize {
///         Avx2 => pitch::open_loop,
///         _ => pitch::open_loop,
///     }
/// }
///
/// arch::g7231::open_loop(self.level, &speech, start)
/// ```
///
/// Each line names a level and the function that is run there, with the arguments as they are; a level
/// without a line takes that of the next lower one, at last that of `_`. The lines stand in the order
/// `Avx512`, `Avx2`, `Neon`, `_`, and all but `_` may be missing. The function that is made is
/// `pub(crate)`, may have one parameter of type (`fn encode<F: Form>`), and takes the level first, which is
/// one that the machine has ([`Level::or_scalar`](super::Level::or_scalar) sees to that).
///
/// What a line names is `#[inline(always)]`, and so is all that it spends its time in: only then is it
/// compiled with the instructions of its level. One source may serve several lines, with equal results:
/// the compiler fuses no multiplications of its own accord.
///
/// The file begins with `#![allow(unsafe_code)]`, and the reason.
macro_rules! per_level {
    ($(
        $(#[$doc:meta])*
        fn $name:ident $(<$generic:ident: $bound:ident>)? ($($arguments:tt)*) $(-> $result:ty)? {
            $(Avx512 => $avx512:expr,)?
            $(Avx2 => $avx2:expr,)?
            $(Neon => $neon:expr,)?
            _ => $plain:expr $(,)?
        }
    )+) => {
        $($crate::arch::per_level::per_level! {
            @function [$(#[$doc])*] $name ($($arguments)*)
            [[$($generic: $bound)?] ($($arguments)*) [$(-> $result)?]]
            [$(Avx512 $avx512,)? $(Avx2 $avx2,)? $(Neon $neon,)?] $plain
        })+
    };

    (@function [$($doc:tt)*] $name:ident ($($argument:ident: $type:ty),* $(,)?) $signature:tt
        [$($level:ident $body:expr,)*] $plain:expr
    ) => {
        $crate::arch::per_level::per_level! {
            @dispatch [$($doc)*] $name level $signature {
                debug_assert!(level.is_here(), "{level:?} is not to be had here");
                $($crate::arch::per_level::per_level!(@$level level $body, $signature);)*
                $plain($($argument),*)
            }
        }
    };

    (@dispatch [$($doc:tt)*] $name:ident $level:ident
        [[$($generics:tt)*] ($($arguments:tt)*) [$($result:tt)*]] $block:block
    ) => {
        $($doc)*
        #[inline]
        pub(crate) fn $name<$($generics)*>(
            $level: $crate::arch::Level, $($arguments)*
        ) $($result)* $block
    };

    (@Avx512 $($rest:tt)*) => {
        #[cfg(target_arch = "x86_64")]
        $crate::arch::per_level::per_level!(
            @compiled Avx512 "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma" $($rest)*
        );
    };
    (@Avx2 $($rest:tt)*) => {
        #[cfg(target_arch = "x86_64")]
        $crate::arch::per_level::per_level!(@compiled Avx2 "avx2,fma" $($rest)*);
    };
    // Every AArch64 processor has NEON, for which all is compiled there.
    (@Neon $level:ident $body:expr,
        [$generics:tt ($($argument:ident: $type:ty),* $(,)?) $result:tt]
    ) => {
        #[cfg(target_arch = "aarch64")]
        if $level == $crate::arch::Level::Neon {
            return $body($($argument),*);
        }
    };

    (@compiled $least:ident $instructions:literal $level:ident $body:expr,
        [[$($generics:tt)*] ($($argument:ident: $type:ty),* $(,)?) [$($result:tt)*]]
    ) => {
        if $level >= $crate::arch::Level::$least {
            #[target_feature(enable = $instructions)]
            fn compiled<$($generics)*>($($argument: $type),*) $($result)* {
                $body($($argument),*)
            }
            // SAFETY: the level is one that the machine has, and of one kind of processor the greater
            // includes the less.
            return unsafe { compiled($($argument),*) };
        }
    };
}

pub(crate) use per_level;
