//! Every vector of invitations, read by the parser and by nothing else.
#![allow(missing_docs, reason = "a test")]

use std::path::PathBuf;

use uput_core::invitation::Invitation;

#[test]
fn every_vector_is_read_as_it_says() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../specs/vectors/invitation");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let (fields, line) = text.trim_end_matches('\n').rsplit_once("invitation: ").unwrap();
        let expected = fields.lines().next().unwrap().strip_prefix("expect: ").unwrap();
        match Invitation::parse(line) {
            Ok(invitation) => {
                assert_eq!(fields, format!("expect: {expected}\n{}", describe(&invitation)), "{}", path.display());
                assert_eq!(expected, "ok", "{}", path.display());
                // [TRA-30] However it was written, there is one line for it.
                let plain: String = line.split_whitespace().collect::<String>().to_lowercase();
                assert!(*invitation.to_line().expose() == plain, "{}", path.display());
            }
            Err(rejection) => assert_eq!(rejection.code(), expected, "{}", path.display()),
        }
        count += 1;
    }
    assert!(count >= 19);
}

fn describe(invitation: &Invitation) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut text = format!(
        "organisation: {}\ntls_key: {}\nsecret: {}\nexpiry: {}\n",
        invitation.organisation(),
        hex(invitation.tls_key().as_bytes()),
        hex(invitation.secret().expose()),
        invitation.expiry().get(),
    );
    for endpoint in invitation.endpoints() {
        text.push_str(&format!("endpoint: {endpoint}\n"));
    }
    text
}
