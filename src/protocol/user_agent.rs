//! Which browser somebody signed in with, so that they know it again in a list. RFC 9110 §10.1.5.

use crate::model::{BrowserName, Device, SystemName};

/// Most of the header that is looked at, in bytes.
const LONGEST: usize = 512;

/// §10.1.5: the field "contains information about the user agent originating the request". It says what it likes, so nothing is decided
/// by it, and browsers name each other in it for compatibility: the rarest name comes first.
pub fn device(user_agent: &str) -> Option<Device> {
    const BROWSERS: [(&str, BrowserName); 9] = [
        ("Edg", BrowserName::Edge),
        ("OPR/", BrowserName::Opera),
        ("SamsungBrowser/", BrowserName::SamsungInternet),
        ("Firefox/", BrowserName::Firefox),
        ("FxiOS/", BrowserName::Firefox),
        ("Chrome/", BrowserName::Chrome),
        ("CriOS/", BrowserName::Chrome),
        ("Chromium/", BrowserName::Chrome),
        ("Safari/", BrowserName::Safari),
    ];
    const SYSTEMS: [(&str, SystemName); 9] = [
        ("iPhone", SystemName::Iphone),
        ("iPad", SystemName::Ipad),
        ("Android", SystemName::Android),
        ("CrOS", SystemName::ChromeOs),
        ("Windows", SystemName::Windows),
        ("Macintosh", SystemName::MacOs),
        ("Mac OS X", SystemName::MacOs),
        ("Linux", SystemName::Linux),
        ("X11", SystemName::Linux),
    ];
    let bytes = user_agent.as_bytes();
    let looked_at = bytes.get(..LONGEST).unwrap_or(bytes);
    let says = |name: &str| looked_at.windows(name.len()).any(|part| part == name.as_bytes());
    let browser = BROWSERS.into_iter().find(|(name, _)| says(name)).map(|(_, browser)| browser);
    let system = SYSTEMS.into_iter().find(|(name, _)| says(name)).map(|(_, system)| system);
    (browser.is_some() || system.is_some()).then_some(Device { browser, system })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(user_agent: &str) -> String {
        match device(user_agent) {
            Some(Device { browser, system }) => {
                format!("{} on {}", browser.map_or("?", BrowserName::as_str), system.map_or("?", SystemName::as_str))
            }
            None => String::new(),
        }
    }

    #[test]
    fn browsers_are_called_what_their_owners_call_them() {
        for (user_agent, called) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36",
                "Chrome on Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
                "Safari on macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/139.0 Mobile/15E148 Safari/604.1",
                "Chrome on iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
                "Samsung Internet on Android",
            ),
            ("curl/8.14.1", ""),
            ("", ""),
            ("Linux", "? on Linux"),
        ] {
            assert_eq!(read(user_agent), called, "{user_agent}");
        }
    }

    #[test]
    fn nothing_that_is_sent_is_kept_and_little_of_it_is_read() {
        assert_eq!(read("<script>alert(1)</script> Firefox/1 on Windows"), "Firefox on Windows");
        assert_eq!(read(&format!("{}Firefox/140.0", "x".repeat(LONGEST))), "");
        assert_eq!(read("é".repeat(1_000).as_str()), "");
    }
}
