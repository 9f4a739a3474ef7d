//! Whether a word is a form of a name: Albanian, Bosnian, Croatian, Montenegrin, Serbian, Macedonian, Romani, Turkish, English.
//!
//! Guarantees no more than rules of endings can: a form that changes the stem beyond them is not seen, and another name
//! that only adds an ending (Marin, Marina) is. Both words are compared as they sound.

/// What stands after a stem: case endings, articles, vocatives, and what makes a possessive without its own ending. [NST-9]
const ENDINGS: &[&str] = &[
    "", "a", "e", "i", "o", "u", "om", "em", "og", "oj", "oga", "omu", "ome", "im", "ima", "ama", "ih", "ovi",
    "evi", // Slavic
    "ja", "je", "ju", "jo", "jem", "jom", "ji", // after a vowel
    "it", "in", "ut", "un", "es", "en", "s", "n", "t", "se", "ve", "jes", "jen", "ne", "te", "et", "re",
    "esh", // Albanian
    "ake", "ace", "asa", "ate", "atar", "akoro", "acoro", "eske", "esce", "este", "estar", "esa", "eskoro", "escoro",
    "ence", "enge", "endar", "ensa", "jake", "jace", "jasa", "jate", "jatar", // Romani
    "nin", "ie", "nie", "den", "dan", "de", "da", "le", "la", "ten", "tan", "ler", "lar", "lere",
    "lara", // Turkish
    "ka", "ke", // of a family name
];
/// What makes a possessive.
const POSSESSIVES: &[&str] = &["ov", "ev", "in", "jev", "jov", "jin"];
/// What stands after a possessive.
const OF_POSSESSIVES: &[&str] = &[
    "", "a", "o", "e", "i", "u", "og", "oga", "om", "ome", "omu", "oj", "im", "ima", "ih", "iot", "ata", "oto", "ite",
    "ska",
];
/// What a stem of two letters takes: more would make it a form of too many words.
const FEW: &[&str] = &["a", "e", "i", "o", "u", "om", "oj", "in", "ina", "inu", "es", "en"];
/// The shortest stem that takes every ending.
const LONG_ENOUGH: usize = 3;

/// Whether a word is the name or a form of it. [NST-9]
pub(super) fn is_form(name: &str, word: &str) -> bool {
    if name == word {
        return true;
    }
    let length = name.chars().count();
    if length < LONG_ENOUGH {
        return false;
    }
    let vowel = name.chars().last().filter(|last| "aeiou".contains(*last));
    let stem = vowel.and_then(|vowel| name.strip_suffix(vowel)).unwrap_or(name);
    let takes = |stem: &str| word.strip_prefix(stem).is_some_and(|ending| fits(stem, ending));
    // Iva is not Ivan: a short name that ends in a vowel takes few endings as a whole (Edija, Ediut).
    let few = |name: &str| word.strip_prefix(name).is_some_and(|ending| ending.starts_with(['j', 'u']));
    let whole = vowel.is_none() || length > LONG_ENOUGH || few(name);
    (whole && takes(name))
        || takes(stem)
        || without_fleeting(name).is_some_and(|stem| takes(&stem))
        || softened(stem, word)
}

fn fits(stem: &str, ending: &str) -> bool {
    if stem.chars().count() < LONG_ENOUGH {
        return FEW.contains(&ending);
    }
    let of_possessive =
        |possessive: &&str| ending.strip_prefix(*possessive).is_some_and(|rest| OF_POSSESSIVES.contains(&rest));
    ENDINGS.contains(&ending) || POSSESSIVES.iter().any(of_possessive)
}

/// Petar, Petra; Aleksandar, Aleksandra; Đurđevac, Đurđevca; Pavao, Pavla.
fn without_fleeting(name: &str) -> Option<String> {
    if let Some(stem) = name.strip_suffix("ao") {
        return Some(format!("{stem}l"));
    }
    let last = name.chars().last().filter(|last| "rclkn".contains(*last))?;
    let stem = name.strip_suffix(last)?.strip_suffix('a')?;
    (stem.chars().count() > 1).then(|| format!("{stem}{last}"))
}

/// Vuk, Vuče; Predrag, Predraže; Anka, Anci: as it sounds, k is c and g is z.
fn softened(stem: &str, word: &str) -> bool {
    let soft = [('k', "c"), ('g', "z"), ('h', "s"), ('c', "c")];
    soft.iter().any(|(hard, soft)| {
        let begun = stem.strip_suffix(*hard).and_then(|begin| word.strip_prefix(begin));
        let ending = begun.and_then(|rest| rest.strip_prefix(soft));
        stem.chars().count() >= LONG_ENOUGH
            && ending.is_some_and(|ending| ["e", "i", "in", "ina", "ino", "inu"].contains(&ending))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{sensitive::Sensitive, words};

    fn sound(word: &str) -> String {
        words::sounded(&Sensitive::new(word.to_owned())).iter().map(|word| word.as_str()).collect()
    }

    /// [NST-9]
    #[test]
    fn a_name_is_seen_in_its_forms() {
        for (name, forms) in [
            ("Marko", "Marka Marku Markom Markov Markova Markovog Марка Марковата"),
            ("Milica", "Milice Milici Milicu Milico Milicom Miličin Miličinog Milicin Милице Miličinoj"),
            ("Ahmed", "Ahmeda Ahmedu Ahmede Ahmedom Ahmedov Ahmedovoj Ahmedi Ahmedit Ahmedin Ahmedeske Ahmedesa"),
            ("Miloš", "Miloša Milošu Miloše Milošem Milošev Miloševa Milosa Милоша"),
            ("Đorđe", "Đorđa Đorđu Đorđem Đorđev Djordja Ђорђа Djordjev"),
            ("Petar", "Petra Petru Petre Petrom Petrov Petrovoj Петра"),
            ("Vuk", "Vuka Vuče Vukom Vukov"),
            ("Predrag", "Predrage Predraže Predraga"),
            ("Edi", "Edija Ediju Edijem Edijev Ediut Ediun"),
            ("Besa", "Besës Besën Bese Besa Besin"),
            ("Agron", "Agroni Agronit Agronin Agronin"),
            ("Blerik", "Bleriku Blerikut Blerikun"),
            ("Fatmire", "Fatmires Fatmiren Fatmirja Fatmirën"),
            ("Krasniqi", "Krasniqit Krasniqin Krasniqët Красничи"),
            ("Hoxha", "Hoxhës Hoxhën Хоџа Hodža"),
            ("Jovanović", "Jovanovića Jovanoviću Jovanovićem Jovanovići Jovanovićima Јовановића Jovanovica"),
            ("Izmislevski", "Izmislevska Izmislevskog Измислевски Измислевска"),
            ("Ѓорѓи", "Ѓорѓија Gjorgji Gjorgjija Ѓорѓиев"),
            ("Sanija", "Sanijake Sanijaqe Sanijasa Sanije"),
            ("Ayşe", "Ayşe’nin Ayşe'ye"),
            ("Eva", "Eve Evi Evu Evin"),
            ("Anka", "Anki Anke Ankin Anku"),
        ] {
            for form in forms.split(' ') {
                assert!(is_form(&sound(name), &sound(form)), "{name}: {form}");
            }
        }
    }

    #[test]
    fn another_word_is_no_form() {
        for (name, words) in [
            ("Marko", "maram mrak Marija"),
            ("Petar", "Petrović Petrovac petina peta petak"),
            ("Milan", "milostinja Milanović"),
            ("Ana", "anketa analiza anoniman Anja"),
            ("Iva", "ivica Ivanka Ivan"),
        ] {
            for word in words.split(' ') {
                assert!(!is_form(&sound(name), &sound(word)), "{name}: {word}");
            }
        }
    }
}
