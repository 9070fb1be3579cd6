//! The 16- and 32-bit arithmetic in which the ITU and 3GPP write their speech codecs: ITU-T G.191 (STL),
//! chapter "Basic operators". Values saturate; nothing here can overflow. Where a codec asks whether
//! something saturated, it compares with the wide result itself.

/// Sum, saturated.
#[inline(always)]
pub fn add(a: i16, b: i16) -> i16 {
    a.saturating_add(b)
}

/// Difference, saturated.
#[inline(always)]
pub fn sub(a: i16, b: i16) -> i16 {
    a.saturating_sub(b)
}

/// Absolute value; that of -32768 is 32767.
#[inline(always)]
pub fn abs_s(a: i16) -> i16 {
    a.saturating_abs()
}

/// The negative; that of -32768 is 32767.
#[inline(always)]
pub fn negate(a: i16) -> i16 {
    a.saturating_neg()
}

/// `a` shifted left by `by` places, to the right for a negative `by`, saturated.
#[inline(always)]
pub fn shl(a: i16, by: i16) -> i16 {
    if by < 0 {
        return shr(a, negate(by));
    }
    if by > 15 {
        return if a == 0 { 0 } else { saturate(i32::from(a.signum()) * 0x1_0000) };
    }
    saturate(i32::from(a) << by)
}

/// `a` shifted right by `by` places with its sign, to the left for a negative `by`.
#[inline(always)]
pub fn shr(a: i16, by: i16) -> i16 {
    if by < 0 {
        return shl(a, negate(by));
    }
    a >> by.min(15)
}

/// [`shr`], rounded.
#[inline(always)]
pub fn shr_r(a: i16, by: i16) -> i16 {
    if by > 15 {
        return 0;
    }
    let shifted = shr(a, by);
    if by > 0 && a & (1 << (by - 1)) != 0 { shifted + 1 } else { shifted }
}

/// Q15 product.
#[inline(always)]
pub fn mult(a: i16, b: i16) -> i16 {
    saturate((i32::from(a) * i32::from(b)) >> 15)
}

/// Q15 product, rounded.
#[inline(always)]
pub fn mult_r(a: i16, b: i16) -> i16 {
    saturate((i32::from(a) * i32::from(b) + 0x4000) >> 15)
}

/// Twice the product: Q15 by Q15 in Q31.
#[inline(always)]
pub fn l_mult(a: i16, b: i16) -> i32 {
    (i32::from(a) * i32::from(b)).saturating_mul(2)
}

/// `acc` plus [`l_mult`].
#[inline(always)]
pub fn l_mac(acc: i32, a: i16, b: i16) -> i32 {
    acc.saturating_add(l_mult(a, b))
}

/// `acc` less [`l_mult`].
#[inline(always)]
pub fn l_msu(acc: i32, a: i16, b: i16) -> i32 {
    acc.saturating_sub(l_mult(a, b))
}

/// Sum, saturated.
#[inline(always)]
pub fn l_add(a: i32, b: i32) -> i32 {
    a.saturating_add(b)
}

/// Difference, saturated.
#[inline(always)]
pub fn l_sub(a: i32, b: i32) -> i32 {
    a.saturating_sub(b)
}

/// The negative; that of the least is the greatest.
#[inline(always)]
pub fn l_negate(a: i32) -> i32 {
    a.saturating_neg()
}

/// Absolute value; that of the least is the greatest.
#[inline(always)]
pub fn l_abs(a: i32) -> i32 {
    a.saturating_abs()
}

/// `a` shifted left by `by` places, to the right for a negative `by`, saturated.
#[inline(always)]
pub fn l_shl(a: i32, by: i16) -> i32 {
    if by <= 0 {
        return l_shr(a, negate(by));
    }
    if by > 31 {
        return match a {
            0 => 0,
            1.. => i32::MAX,
            _ => i32::MIN,
        };
    }
    let wide = i64::from(a) << by;
    wide.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
}

/// `a` shifted right by `by` places with its sign, to the left for a negative `by`.
#[inline(always)]
pub fn l_shr(a: i32, by: i16) -> i32 {
    if by < 0 {
        return l_shl(a, negate(by));
    }
    a >> by.min(31)
}

/// [`l_shr`], rounded.
#[inline(always)]
pub fn l_shr_r(a: i32, by: i16) -> i32 {
    if by > 31 {
        return 0;
    }
    let shifted = l_shr(a, by);
    if by > 0 && a & (1 << (by - 1)) != 0 { shifted + 1 } else { shifted }
}

/// The upper half.
#[inline(always)]
pub fn extract_h(a: i32) -> i16 {
    (a >> 16) as i16
}

/// The lower half.
#[inline(always)]
pub fn extract_l(a: i32) -> i16 {
    a as i16
}

/// The upper half, rounded and saturated.
#[inline(always)]
pub fn round(a: i32) -> i16 {
    extract_h(a.saturating_add(0x8000))
}

/// `a` in the upper half.
#[inline(always)]
pub fn l_deposit_h(a: i16) -> i32 {
    i32::from(a) << 16
}

/// `a` in the lower half, with its sign.
#[inline(always)]
pub fn l_deposit_l(a: i16) -> i32 {
    i32::from(a)
}

/// How many places `a` can be shifted left until it is normalised; 0 for 0.
#[inline(always)]
pub fn norm_s(a: i16) -> i16 {
    match a {
        0 => 0,
        -1 => 15,
        _ => ((if a < 0 { !a } else { a }).leading_zeros() as i16) - 1,
    }
}

/// How many places `a` can be shifted left until it is normalised; 0 for 0.
#[inline(always)]
pub fn norm_l(a: i32) -> i16 {
    match a {
        0 => 0,
        -1 => 31,
        _ => ((if a < 0 { !a } else { a }).leading_zeros() as i16) - 1,
    }
}

/// `a / b` in Q15, for 0 <= a <= b and b > 0; otherwise the nearest that can be said, 0 or 32767.
#[inline(always)]
pub fn div_s(a: i16, b: i16) -> i16 {
    if a <= 0 {
        return 0;
    }
    if b <= a {
        return i16::MAX;
    }
    ((i32::from(a) << 15) / i32::from(b)) as i16
}

/// The nearest 16-bit value.
#[inline(always)]
pub fn saturate(a: i32) -> i16 {
    a.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

/// The 16-bit value nearest to a float; it is not one of the ITU's operators.
#[inline(always)]
pub fn nearest(a: f32) -> i16 {
    // What is added leaves no room for a fraction: the integer is in the lowest bits.
    (a.clamp(-32_768.0, 32_767.0) + 12_582_912.0).to_bits() as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifting_left_saturates_and_shifting_right_keeps_the_sign() {
        assert_eq!(shl(1, 14), 16_384);
        assert_eq!(shl(1, 15), i16::MAX);
        assert_eq!(shl(-1, 15), i16::MIN);
        assert_eq!(shl(-1, 16), i16::MIN);
        assert_eq!(shl(0, 40), 0);
        assert_eq!(shr(-1, 20), -1);
        assert_eq!(shr(3, -2), 12);
        assert_eq!(l_shl(1, 31), i32::MAX);
        assert_eq!(l_shl(-1, 31), i32::MIN);
        assert_eq!(l_shl(-2, 31), i32::MIN);
        assert_eq!(l_shl(-8, -2), -2);
        assert_eq!(l_shr(-8, 40), -1);
    }

    #[test]
    fn products_of_the_least_value_saturate() {
        assert_eq!(mult(i16::MIN, i16::MIN), i16::MAX);
        assert_eq!(mult_r(i16::MIN, i16::MIN), i16::MAX);
        assert_eq!(l_mult(i16::MIN, i16::MIN), i32::MAX);
        assert_eq!(l_mac(-1, i16::MIN, i16::MIN), i32::MAX - 1);
    }

    #[test]
    fn what_is_normalised_fills_its_word() {
        for value in [1_i16, 2, 3, 100, 16_383, 16_384, i16::MAX, -1, -2, -100, -16_385, i16::MIN] {
            let shifted = i32::from(value) << norm_s(value);
            assert!((0x4000..0x8000).contains(&shifted) || (-0x8000..-0x4000).contains(&shifted));
        }
        assert_eq!((norm_s(0), norm_l(0), norm_l(-1), norm_l(1)), (0, 0, 31, 30));
    }

    #[test]
    fn rounding_goes_to_the_nearest_upwards() {
        assert_eq!(round(0x0000_8000), 1);
        assert_eq!(round(0x0000_7fff), 0);
        assert_eq!(round(i32::MAX), i16::MAX);
        assert_eq!((shr_r(3, 1), l_shr_r(5, 1), l_shr_r(-5, 1)), (2, 3, -2));
        assert_eq!((div_s(1, 2), div_s(7, 7), div_s(0, 9)), (16_384, i16::MAX, 0));
    }

    #[test]
    fn the_nearest_value_of_a_float_is_rounded_and_saturated() {
        let floats = [0.4, -0.6, 2.5, 32_766.7, 40_000.0, -32_768.4, f32::NEG_INFINITY];
        let expected = [0, -1, 2, i16::MAX, i16::MAX, i16::MIN, i16::MIN];
        assert_eq!(floats.map(nearest), expected);
    }
}
