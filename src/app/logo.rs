//! The picture of the house, beside its name on every page.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::base::{Digest, Fault, FaultKind};

/// A PNG or SVG from the settings. It is read when the process starts, and served from an address that says what is in it.
#[derive(Debug)]
pub struct Logo {
    /// `logo-<of its bytes>.png`
    pub name: String,
    pub content_type: &'static str,
    pub bytes: Vec<u8>,
}

/// It is loaded by every page: 64 KiB is much for a picture of 28 px.
const LONGEST: u64 = 64 * 1_024;

impl Logo {
    /// # Errors
    /// A setting that cannot be followed, in words for whoever wrote it.
    pub fn load(path: &Path) -> Result<Self, Fault> {
        let wrong = |why: &str| {
            let shown = path.display();
            Fault::new(FaultKind::Settings, format!("brand.logo: {shown} {why}"))
        };
        let file = File::open(path).map_err(|error| wrong(&format!("cannot be read: {error}")))?;
        let mut bytes = Vec::new();
        file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| wrong(&format!("cannot be read: {error}")))?;
        if bytes.len() as u64 > LONGEST {
            return Err(wrong("has more than 64 KiB"));
        }
        let (ending, content_type) = kind(&bytes).ok_or_else(|| wrong("is neither a PNG nor an SVG"))?;
        Ok(Self { name: format!("logo-{}.{ending}", Digest::of(&bytes).short()), content_type, bytes })
    }
}

/// By what is in it, not by what it is called.
fn kind(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    // PNG §5.2, the signature.
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some(("png", "image/png"));
    }
    let text = std::str::from_utf8(bytes).ok()?.trim_start_matches('\u{feff}').trim_start();
    let begins = text.starts_with("<svg") || text.starts_with("<?xml") || text.starts_with("<!--");
    (begins && text.contains("<svg")).then_some(("svg", "image/svg+xml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_what_is_in_it() {
        assert_eq!(kind(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), Some(("png", "image/png")));
        for svg in ["<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "<?xml version=\"1.0\"?>\n<svg/>", "\u{feff} <svg/>"]
        {
            assert_eq!(kind(svg.as_bytes()), Some(("svg", "image/svg+xml")), "{svg}");
        }
        for other in ["", "GIF89a", "<html><svg/></html>", "<!doctype html><svg>", "<?xml version=\"1.0\"?><a/>"] {
            assert_eq!(kind(other.as_bytes()), None, "{other}");
        }
        assert_eq!(kind(b"<svg>\xff</svg>"), None);
    }
}
