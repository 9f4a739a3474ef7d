//! A reset against what is under way: what was begun with the old password comes to nothing.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must stop")]

mod town;

use std::{sync::Arc, time::Duration};

use town::{BY, House};
use uput_core::{rejection::Rejection, sensitive::Sensitive, wire::Role};
use uput_node::{
    account::{Register, Typed},
    node::{NewPassword, NotSet},
};
use zeroize::Zeroizing;

const PASSWORD: &str = "an invented password";
const OTHER: &str = "another invented password";

fn words(text: &str) -> Sensitive<String> {
    Sensitive::new(text.to_owned())
}

fn new(password: &str) -> NewPassword {
    NewPassword { password: words(password), second_factor: Zeroizing::default(), code: Sensitive::default() }
}

/// Passwords of others that are worked on, one after the other, in the place of whoever is known.
fn others(register: &Arc<Register>, many: usize) {
    for _ in 0..many {
        let register = Arc::clone(register);
        tokio::spawn(async move { register.work.keep(Typed::new(&words("an invented other")), None, 0).await });
    }
}

async fn done(register: &Register, works: usize) {
    while register.work.done() < works {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Whoever knows the password, and hears that the account will be reset, changes it at the same time. [ACC-35] [ACC-39]
#[tokio::test]
async fn a_password_that_is_being_changed_when_the_account_is_reset_lets_nobody_in() {
    let house = House::found(1).await;
    let (node, works) = (house.open(), 1);
    let name = words("An Invented Worker");
    let (account, code) = node.create_account(&BY, name, Role::CaseWorker, None).await.unwrap();
    node.enrol(&words(&code.unwrap().0.expose()), new(PASSWORD)).await.unwrap();
    let id = words(&account.id.to_string());
    let session = node.log_in(&id, &words(PASSWORD), "", "").await.unwrap().token;
    let register = node.register();
    assert_eq!(register.work.done(), works + 1);

    // Works are done in the order in which they came: some before the change, some between its two.
    others(&register, 4);
    let (changing, shown) = (Arc::clone(&node), session.expose().to_owned());
    let change =
        tokio::spawn(
            async move { changing.change_password(&account.id, &shown, (&words(PASSWORD), ""), new(OTHER)).await },
        );
    tokio::task::yield_now().await;
    others(&register, 6);
    done(&register, works + 1 + 4 + 2).await;
    let (_, again, _) = node.reset_account(&BY, &account.id.to_vec()).await.unwrap();
    assert!(!change.is_finished(), "the change was under way");
    assert_eq!(change.await.unwrap(), Err(NotSet::Refused(Rejection::NotAuthenticated)));
    for password in [PASSWORD, OTHER] {
        assert!(node.log_in(&id, &words(password), "", "").await.is_err(), "{password}");
    }
    node.enrol(&words(&again.expose()), new("a third invented password")).await.unwrap();
}
