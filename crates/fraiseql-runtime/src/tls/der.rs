//! The few parts of a certificate that the library does not give.

const SEQUENCE: u8 = 0x30;
const OBJECT_ID: u8 = 0x06;
const VERSION: u8 = 0xa0;

/// An element of DER.
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    /// With its tag and length.
    whole: &'a [u8],
}

/// Takes the first element off.
fn take<'a>(bytes: &mut &'a [u8]) -> Option<Element<'a>> {
    let whole = *bytes;
    let (tag, length) = (*whole.first()?, *whole.get(1)?);
    let (start, length) = if length < 0x80 {
        (2, usize::from(length))
    } else {
        let digits = whole.get(2..2 + usize::from(length & 0x7f))?;
        let is_long = digits.len() > 4;
        let length = digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit));
        if is_long { None? } else { (2 + digits.len(), length) }
    };
    let end = start.checked_add(length)?;
    let content = whole.get(start..end)?;
    *bytes = &whole[end..];
    Some(Element { tag, content, whole: &whole[..end] })
}

/// Takes a sequence off, and returns its content.
fn sequence<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    take(bytes).filter(|element| element.tag == SEQUENCE).map(|element| element.content)
}

/// The algorithm of the signature of a certificate: the content of its object identifier.
pub(crate) fn signature_algorithm(certificate: &[u8]) -> Option<&[u8]> {
    let mut fields = sequence(&mut { certificate })?;
    sequence(&mut fields)?;
    let algorithm = take(&mut sequence(&mut fields)?)?;
    (algorithm.tag == OBJECT_ID).then_some(algorithm.content)
}

/// The public key of a certificate, with its algorithm.
pub(crate) fn public_key(certificate: &[u8]) -> Option<&[u8]> {
    let mut fields = sequence(&mut sequence(&mut { certificate })?)?;
    if fields.first() == Some(&VERSION) {
        take(&mut fields)?;
    }
    // Serial number, signature, issuer, validity, subject.
    for _ in 0..5 {
        take(&mut fields)?;
    }
    take(&mut fields).filter(|key| key.tag == SEQUENCE).map(|key| key.whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_end_where_their_length_says() {
        let mut bytes: &[u8] = &[0x30, 0x81, 1, 9, 0x05, 0];
        assert_eq!(sequence(&mut bytes), Some(&[9][..]));
        assert_eq!(take(&mut bytes).map(|null| null.tag), Some(5));
        assert!(bytes.is_empty());
    }

    #[test]
    fn what_is_no_certificate_has_no_parts() {
        let texts: [&[u8]; 6] = [
            &[],
            &[0x30],
            &[0x30, 5, 1],
            &[0x30, 0x84, 255, 255, 255, 255, 1],
            &[0x30, 0x85, 0, 0, 0, 0, 0],
            &[0x30, 2, 0x30, 0],
        ];
        for text in texts {
            assert_eq!((signature_algorithm(text), public_key(text)), (None, None), "{text:?}");
        }
    }
}
