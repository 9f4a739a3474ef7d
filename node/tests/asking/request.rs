//! One request asks several, each once; and its table is shown to who sees the case.

use std::future::poll_fn;
use std::task::Poll;

use uput_core::{
    event::Statement,
    id::TrailId,
    rejection::Rejection,
    wire::{self, Act, Choice, Role, ServiceType, enquiry_service_server::EnquiryService},
};
use uput_node::{case::CaseId, node::NewEnquiries, rpc::Enquiries};

use crate::{
    shelters::{HERS, SHELTERS, asked, hold, several, town},
    town::{call_as, fields, reads, reopened, request_id, worker},
};

/// [PLC-8] [PLC-9] Who cannot be asked keeps it from nobody else; a request that is made again asks nobody twice.
#[tokio::test(flavor = "multi_thread")]
async fn one_request_asks_several_once_each_also_when_it_is_broken_off_and_made_again() {
    let mut town = town().await;
    let request_id = request_id();
    let again = |peers: &[&str]| NewEnquiries { request_id: request_id.clone(), ..several(peers) };
    // It stops as soon as the first of it waits to be sent.
    {
        let mut asking = Box::pin(town.nodes[0].ask_several(again(&SHELTERS)));
        poll_fn(|context| match town.nodes[0].queued().items {
            0 => asking.as_mut().poll(context).map(|_| panic!("it ended before anything waited")),
            _ => Poll::Ready(()),
        })
        .await;
    }
    drop(town.nodes.remove(0));
    town.nodes.insert(0, reopened(&town.houses[0]).await);
    let before = town.hotline().visible_trails(&worker());
    // On a busy machine the others were on their way before anybody looked.
    assert!((1..=3).contains(&before.len()), "{}", before.len());
    let check = town.hotline().ask_several(NewEnquiries { validate_only: true, ..again(&SHELTERS) }).await.unwrap();
    assert!(check.each.iter().all(|one| one.outcome.is_ok()));
    assert_eq!(town.hotline().visible_trails(&worker()).len(), before.len(), "a check asks nobody");
    // Somebody of whom nobody knows is asked too, and by two people at once.
    let names = ["shelter-jasen", "shelter-nowhere", "shelter-lipa", "shelter-gora"];
    let (one, other) =
        tokio::join!(town.hotline().ask_several(again(&names)), town.hotline().ask_several(again(&names)));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!((asked(&one).len(), asked(&one)), (3, asked(&other)));
    assert!(before.iter().all(|trail| asked(&one).contains(trail)));
    assert_eq!(one.each[1].outcome.as_ref().err().map(|refused| refused.rejection()), Some(Rejection::NoSuchPeer));
    // One alone, of the same request, is in the same case.
    let last = town.hotline().ask_several(again(&["shelter-gora"])).await.unwrap();
    assert_eq!((asked(&last), last.case), (vec![asked(&one)[2]], one.case));
    assert!(asked(&one).iter().all(|trail| town.hotline().case_of(trail) == one.case));
    let _carriers = town.carriers();
    for (node, trail) in town.nodes.iter().skip(1).zip(asked(&one)) {
        reads(node, &trail, "asked").await;
        assert_eq!(node.visible_trails(&worker()).len(), 1);
    }
}

/// [PLC-8] What is no request.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_by_a_request_that_is_none() {
    let town = town().await;
    let rejected = |new| async { town.hotline().ask_several(new).await.err().map(|refused| refused.rejection()) };
    assert_eq!(rejected(several(&[])).await, Some(Rejection::BadValue));
    assert_eq!(rejected(several(&["shelter-lipa", "shelter-lipa"])).await, Some(Rejection::BadValue));
    let twice = town.houses[2].id.to_string();
    assert_eq!(rejected(several(&["shelter-lipa", &twice])).await, Some(Rejection::BadValue));
    let notice = NewEnquiries { act: Act::Notification, ..several(&SHELTERS) };
    assert_eq!(rejected(notice).await, Some(Rejection::NotOfThisAct));
    let nowhere = NewEnquiries { case: Some(CaseId::new([9; 16])), ..several(&SHELTERS) };
    assert_eq!(rejected(nowhere).await, Some(Rejection::NoSuchCase));
    // A name is beyond every enquiry.
    let names = NewEnquiries { fields: fields(&[("name", HERS[0])]), ..several(&SHELTERS) };
    let all = town.hotline().ask_several(names).await.unwrap();
    assert!(all.each.iter().all(|one| one.outcome.is_err()) && all.case.is_none());
    assert!(town.hotline().visible_trails(&worker()).is_empty());
}

/// [PLC-10] Over the interface: by those whom the table of roles lets, and who see the case.
#[tokio::test(flavor = "multi_thread")]
async fn the_table_is_shown_to_who_sees_the_case() {
    let town = town().await;
    let _carriers = town.carriers();
    let calls = Enquiries(town.hotline().clone());
    let ask = wire::AskSeveralRequest {
        request_id: request_id(),
        peers: vec!["shelter-jasen".into(), "shelter-nowhere".into(), "shelter-lipa".into()],
        service_type: ServiceType::Shelter.into(),
        fields: vec![wire::Field { label: "adults".into(), value: "1".into() }],
        ..wire::AskSeveralRequest::default()
    };
    let said = calls.ask_several(call_as(Role::CaseWorker, "EnquiryService/AskSeveral", ask.clone())).await.unwrap();
    let said = said.into_inner();
    let refused: Vec<&str> = said.asked.iter().map(|one| one.refused.as_str()).collect();
    assert_eq!((refused, said.case.len()), (vec!["", "NO_SUCH_PEER", ""], 16));
    let twice = wire::AskSeveralRequest { peers: vec!["shelter-jasen".into(); 2], ..ask };
    assert!(calls.ask_several(call_as(Role::CaseWorker, "EnquiryService/AskSeveral", twice)).await.is_err());
    let lipa = TrailId::parse(&said.asked[2].trail).unwrap();
    reads(&town.nodes[2], &lipa, "asked").await;
    let before = hold(lipa, 3_600);
    let Statement::Held { until: ends } = before.statement else { panic!("a hold") };
    town.nodes[2].record_event(before).await.unwrap();
    reads(town.hotline(), &lipa, "held").await;
    let list = || {
        call_as(
            Role::CaseWorker,
            "EnquiryService/ListEnquiries",
            wire::ListEnquiriesRequest { case: said.case.clone() },
        )
    };
    let table = calls.list_enquiries(list()).await.unwrap().into_inner().enquiries;
    let shown: Vec<_> =
        table.iter().map(|one| (one.peer.as_str(), one.answer.as_str(), one.until, one.choice())).collect();
    assert_eq!(
        shown,
        [("shelter-jasen", "", 0, Choice::NoAnswer), ("shelter-lipa", "held", ends.get(), Choice::Possible)]
    );
    let nowhere = wire::ListEnquiriesRequest { case: vec![9; 16] };
    assert!(calls.list_enquiries(call_as(Role::CaseWorker, "EnquiryService/ListEnquiries", nowhere)).await.is_err());
}
