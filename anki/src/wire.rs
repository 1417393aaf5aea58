//! The few protobuf messages that Anki stores, read field by field: known numbers are taken, others passed over, as the
//! format wants it. Nothing is copied and nothing recurses.

/// Why bytes are no message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a protobuf message")]
pub(crate) struct NotAMessage;

/// The value of a field.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Value<'a> {
    /// Integers, booleans, enums.
    Varint(u64),
    /// 64 bits.
    Fixed64,
    /// 32 bits, floats among them.
    Fixed32(u32),
    /// Texts, bytes, messages, packed numbers.
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    /// As an unsigned number; zero for what is none.
    pub fn number(self) -> u64 {
        match self {
            Value::Varint(number) => number,
            Value::Fixed32(_) | Value::Fixed64 | Value::Bytes(_) => 0,
        }
    }

    /// As a small unsigned number: what does not fit is the largest.
    pub fn small(self) -> u32 {
        u32::try_from(self.number()).unwrap_or(u32::MAX)
    }

    /// As a signed number: two's complement, as `int64` has it.
    pub fn signed(self) -> i64 {
        self.number().cast_signed()
    }

    /// As a float; zero for what is none or not finite.
    pub fn float(self) -> f32 {
        match self {
            Value::Fixed32(bits) => finite(f32::from_bits(bits)),
            Value::Varint(_) | Value::Fixed64 | Value::Bytes(_) => 0.0,
        }
    }

    /// As bytes; none for what has none.
    pub fn bytes(self) -> &'a [u8] {
        match self {
            Value::Bytes(bytes) => bytes,
            Value::Varint(_) | Value::Fixed64 | Value::Fixed32(_) => &[],
        }
    }

    /// As text, whatever is no UTF-8 replaced.
    pub fn text(self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    /// Appends floats, packed or single, up to `max` in all.
    pub fn floats_into(self, floats: &mut Vec<f32>, max: usize) {
        let room = max.saturating_sub(floats.len());
        match self {
            Value::Bytes(bytes) => {
                let each = bytes.as_chunks::<4>().0.iter();
                floats.extend(each.take(room).map(|four| finite(f32::from_le_bytes(*four))));
            }
            Value::Fixed32(_) => floats.extend((room > 0).then(|| self.float())),
            Value::Varint(_) | Value::Fixed64 => {}
        }
    }
}

fn finite(float: f32) -> f32 {
    if float.is_finite() { float } else { 0.0 }
}

/// The fields of a message, in the order of the bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
    is_broken: bool,
}

impl<'a> Fields<'a> {
    pub const fn of(message: &'a [u8]) -> Fields<'a> {
        Fields { rest: message, is_broken: false }
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    fn field(&mut self) -> Option<(u64, Value<'a>)> {
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Value::Varint(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed64)?,
            2 => {
                let count = usize::try_from(self.varint()?).ok()?;
                Value::Bytes(self.take(count)?)
            }
            5 => {
                let four: [u8; 4] = self.take(4)?.try_into().ok()?;
                Value::Fixed32(u32::from_le_bytes(four))
            }
            _ => return None,
        };
        (key >> 3 != 0).then_some((key >> 3, value))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), NotAMessage>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() || self.is_broken {
            return None;
        }
        let field = self.field();
        self.is_broken = field.is_none();
        Some(field.ok_or(NotAMessage))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<Result<(u64, Value<'_>), NotAMessage>> {
        Fields::of(bytes).collect()
    }

    #[test]
    fn numbers_floats_and_bytes_are_read_in_their_order() {
        let bytes = [0x08, 0x96, 0x01, 0x12, 2, b'h', b'i', 0x1d, 0, 0, 0x80, 0x3f];
        assert_eq!(
            read(&bytes),
            [
                Ok((1, Value::Varint(150))),
                Ok((2, Value::Bytes(b"hi"))),
                Ok((3, Value::Fixed32(1.0_f32.to_bits())))
            ]
        );
    }

    #[test]
    fn a_negative_number_comes_back_negative() {
        let mut bytes = vec![0x08];
        bytes.extend([0xff; 9]);
        bytes.push(1);
        assert_eq!(read(&bytes)[0].unwrap().1.signed(), -1);
    }

    #[test]
    fn what_ends_too_soon_or_states_too_much_is_no_message() {
        for bytes in [&[0x08][..], &[0x12, 9, 1], &[0x1d, 0], &[0x0b], &[0x00, 1], &[0xff; 11]] {
            assert_eq!(read(bytes).last(), Some(&Err(NotAMessage)), "{bytes:?}");
        }
    }
}
