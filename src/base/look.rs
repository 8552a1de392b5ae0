//! What a text looks like to somebody in a hurry. Attack case 38.

/// Controls, direction marks and overrides, zero-width and filler characters, tags, variation selectors, and the
/// private use areas, where a font may draw anybody's logo.
#[rustfmt::skip]
pub fn is_unseen(c: char) -> bool {
    c.is_control() || matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFD}'
        | '\u{E000}'..='\u{F8FF}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{10FFFF}')
}

/// Combining marks that any letter may carry.
#[rustfmt::skip]
pub fn is_mark(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}' | '\u{0483}'..='\u{0489}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}'
        | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
}

/// What a hurried eye sees: letters and digits only, in lower case, look-alikes folded together. Both sides of a
/// comparison go through it, so it may fold too much but never changes what is shown. An index is kept of it: a change here takes a
/// migration.
pub fn skeleton(text: &str) -> String {
    let folded: String = text
        .chars()
        .flat_map(char::to_lowercase)
        .filter(|&c| !is_mark(c) && !is_unseen(c))
        .map(fold)
        .filter(|c| c.is_alphanumeric())
        .collect();
    folded.replace("rn", "m").replace("vv", "w")
}

/// One character's Latin look-alike. A table of the usual tricks, not of all of Unicode.
#[rustfmt::skip]
fn fold(c: char) -> char {
    match plain(c) {
        'а' | 'α' | 'ɑ' | 'à'..='å' | 'ā' | 'ă' | 'ą' | 'ǎ' | '@' | '4' => 'a',
        'в' | 'β' | 'ь' | 'ƅ' | '8' => 'b',
        'с' | 'ϲ' | 'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' | 'ᴄ' => 'c',
        'ԁ' | 'ď' | 'đ' | 'ɗ' => 'd',
        'е' | 'ε' | 'є' | 'э' | 'è'..='ë' | 'ё' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' | '3' => 'e',
        'ƒ' | 'ϝ' => 'f',
        'ɡ' | 'ĝ' | 'ğ' | 'ġ' | 'ģ' | 'ց' | '9' => 'g',
        'һ' | 'н' | 'η' | 'ĥ' | 'ħ' => 'h',
        'і' | 'ї' | 'ι' | 'í' | 'ì' | 'î' | 'ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' | 'i' | 'l' | '1' | '|' | '!' | 'ӏ' | 'ǀ'
            | 'ł' | 'ĺ' | 'ļ' | 'ľ' | 'ŀ' => 'l',
        'ј' | 'ϳ' | 'ĵ' => 'j',
        'к' | 'κ' | 'ķ' | 'ĸ' => 'k',
        'м' | 'μ' => 'm',
        'п' | 'ñ' | 'ń' | 'ņ' | 'ň' | 'ո' => 'n',
        'о' | 'ο' | 'σ' | 'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'օ' | '0' => 'o',
        'р' | 'ρ' | 'þ' => 'p',
        'ԛ' | 'զ' => 'q',
        'г' | 'ŕ' | 'ŗ' | 'ř' => 'r',
        'ѕ' | 'ś' | 'ŝ' | 'ş' | 'š' | 'ș' | '$' | '5' => 's',
        'т' | 'τ' | 'ţ' | 'ť' | 'ŧ' | 'ț' | '7' => 't',
        'υ' | 'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' | 'ս' => 'u',
        'ν' | 'ѵ' => 'v',
        'ω' | 'ԝ' | 'ŵ' | 'ш' => 'w',
        'х' | 'χ' | '×' => 'x',
        'у' | 'γ' | 'ү' | 'ý' | 'ÿ' | 'ŷ' => 'y',
        'ź' | 'ż' | 'ž' | 'ᴢ' | '2' => 'z',
        other => other,
    }
}

/// Full-width, circled and mathematical forms of ASCII letters and digits.
fn plain(c: char) -> char {
    let code = u32::from(c);
    let letter = |nth: u32| char::from_u32(u32::from(b'a') + nth % 26).unwrap_or(c);
    match code {
        0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).map_or(c, |ascii| ascii.to_ascii_lowercase()),
        0x24B6..=0x24E9 => letter(code - 0x24B6),
        0x1D400..=0x1D6A3 => letter(code - 0x1D400),
        0x1D7CE..=0x1D7FF => char::from_u32(u32::from(b'0') + (code - 0x1D7CE) % 10).unwrap_or(c),
        _ => c,
    }
}
