//! Serbian in Latin letters, made from Cyrillic: the way back is ambiguous, this one is not. [COD-6]

/// The same text in Latin letters; `Љ` before a small letter is `Lj`, among capitals `LJ`.
pub(super) fn of(cyrillic: &str) -> String {
    let mut latin = String::with_capacity(cyrillic.len());
    let mut letters = cyrillic.chars().peekable();
    while let Some(letter) = letters.next() {
        let small: String = letter.to_lowercase().collect();
        let Some(written) = small.chars().next().and_then(small_letter) else {
            latin.push(letter);
            continue;
        };
        let mut parts = written.chars();
        let capitals = letters.peek().is_some_and(|next| next.is_uppercase());
        match (letter.is_uppercase(), parts.next()) {
            (true, Some(first)) => {
                latin.extend(first.to_uppercase());
                parts.for_each(|part| if capitals { latin.extend(part.to_uppercase()) } else { latin.push(part) });
            }
            _ => latin.push_str(written),
        }
    }
    latin
}

const fn small_letter(letter: char) -> Option<&'static str> {
    Some(match letter {
        'а' => "a",
        'б' => "b",
        'в' => "v",
        'г' => "g",
        'д' => "d",
        'ђ' => "đ",
        'е' => "e",
        'ж' => "ž",
        'з' => "z",
        'и' => "i",
        'ј' => "j",
        'к' => "k",
        'л' => "l",
        'љ' => "lj",
        'м' => "m",
        'н' => "n",
        'њ' => "nj",
        'о' => "o",
        'п' => "p",
        'р' => "r",
        'с' => "s",
        'т' => "t",
        'ћ' => "ć",
        'у' => "u",
        'ф' => "f",
        'х' => "h",
        'ц' => "c",
        'ч' => "č",
        'џ' => "dž",
        'ш' => "š",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [COD-6]
    #[test]
    fn each_letter_has_one_way_into_latin() {
        for (cyrillic, latin) in [
            ("сигурна кућа", "sigurna kuća"),
            ("Њена Љубав, ЏЕП и Џеп", "Njena Ljubav, DŽEP i Džep"),
            ("ЉУДИ", "LJUDI"),
            ("ђак, жеђ, чичак, ћуп, шах", "đak, žeđ, čičak, ćup, šah"),
            ("SOS телефон, 0 до 5 година", "SOS telefon, 0 do 5 godina"),
            ("инјекција", "injekcija"),
        ] {
            assert_eq!(of(cyrillic), latin);
        }
        let alphabet = "абвгдђежзијклљмнњопрстћуфхцчџш";
        assert_eq!(alphabet.chars().filter_map(small_letter).collect::<std::collections::BTreeSet<_>>().len(), 30);
    }
}
