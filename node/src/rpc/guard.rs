//! Stands before every call of the local interface: who calls, and whether the role includes it.
//!
//! Guarantees that no call reaches a service without a valid token, nor one that the table of roles does not give to
//! the caller; that every reason not to know a caller sounds the same; and that guesses are slowed down without shutting
//! out whoever has a valid token. Leaves the parts of a call that a row tells apart to the call.

use std::{
    num::NonZeroU32,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use http::{HeaderMap, Request, Response};
use tonic::Status;
use tower::{Layer, Service};
use uput_core::{rejection::Rejection, time::Seconds};

use super::status;
use crate::{
    account::{
        Caller, Proof, Register, Shown,
        roles::{self, Part},
    },
    clock,
    tls::ClientKey,
};

/// Failed attempts that are answered as such, per minute; further ones hear that they are too many.
const FAILURES_PER_MINUTE: u32 = 30;
/// Names the account on whose behalf a machine calls. [ACC-50]
const ON_BEHALF_OF: &str = "on-behalf-of";
/// Says how many notices the caller has not seen. [ACC-15]
const NOTICES: &str = "uput-notices";

/// Lets callers in.
#[derive(Clone)]
pub struct Guard {
    register: Arc<Register>,
    failures: Arc<DefaultDirectRateLimiter>,
}

/// A call that was let in: who makes it, and which it is.
#[derive(Clone)]
pub(super) struct Admitted {
    caller: Caller,
    method: String,
    credential: Credential,
}

/// By what a caller was let in: a call that goes on asks whether it still counts. [API-46]
#[derive(Clone, Copy)]
pub(super) struct Credential(Option<Proof>);

/// A service behind the guard.
#[derive(Clone)]
pub struct Guarded<S> {
    guard: Guard,
    inner: S,
}

impl Guard {
    /// Lets in whom the register knows.
    #[must_use]
    pub fn new(register: Arc<Register>) -> Self {
        let quota = Quota::per_minute(NonZeroU32::new(FAILURES_PER_MINUTE).unwrap_or(NonZeroU32::MIN));
        Self { register, failures: Arc::new(RateLimiter::direct(quota)) }
    }

    /// The caller; none for a call that needs none, which is about a credential. [ACC-33]
    fn admit(&self, headers: &HeaderMap, key: Option<&[u8; 32]>, path: &str) -> Result<Option<Admitted>, Rejection> {
        let method = path.strip_prefix('/').unwrap_or(path);
        if roles::is_open(method) {
            return Ok(None);
        }
        let shown = Shown { token: shown(headers), key_digest: key, on_behalf_of: on_behalf_of(headers) };
        let caller = match self.register.admit(&shown, clock::now()) {
            Ok(caller) => caller,
            // [API-4] After the comparison: a flood of guesses does not shut out a right token.
            Err(rejection) => return Err(self.failures.check().map_or(Rejection::TooMany, |()| rejection)),
        };
        // [API-3] [ACC-10] [ACC-11] What has no row is denied.
        if caller.may_call(method) {
            let credential = Credential(Some(shown.proof()));
            Ok(Some(Admitted { method: method.to_owned(), caller, credential }))
        } else {
            Err(Rejection::NotPermitted)
        }
    }
}

/// The token that is shown; whatever else stands there is shown too, and wrong.
pub(super) fn shown(headers: &HeaderMap) -> Option<&str> {
    let header = headers.get(http::header::AUTHORIZATION)?;
    Some(header.to_str().ok().and_then(|header| header.strip_prefix("Bearer ")).unwrap_or_default())
}

/// On whose behalf the call says it is. [ACC-50]
fn on_behalf_of(headers: &HeaderMap) -> Option<&str> {
    headers.get(ON_BEHALF_OF).map(|header| header.to_str().unwrap_or_default())
}

/// A request as the guard passes it on: for callers inside of this process, before whom it does not stand.
pub fn admitted<T>(caller: Caller, method: &str, message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    request.extensions_mut().insert(Admitted { caller, method: method.to_owned(), credential: Credential(None) });
    request
}

impl Admitted {
    /// The caller, if the role includes this part of the call. Asked before anything is looked up, so that a denial
    /// says nothing about what is there. [ACC-13]
    #[allow(clippy::result_large_err, reason = "tonic's")]
    pub(super) fn demand(call: &http::Extensions, part: Part) -> Result<Caller, Status> {
        let admitted = call.get::<Self>().filter(|admitted| admitted.caller.may(&admitted.method, part));
        let method = call.get::<Self>().map(|admitted| admitted.method.as_str()).unwrap_or_default();
        admitted.map(|admitted| admitted.caller.clone()).ok_or_else(|| status::not_permitted(method, Some(part)))
    }
}

impl Admitted {
    /// By what the caller was let in.
    pub(super) fn credential(call: &http::Extensions) -> Credential {
        call.get::<Self>().map_or(Credential(None), |admitted| admitted.credential)
    }
}

impl Credential {
    /// Whether the caller would be let in again, as the same one. Callers inside of this process show nothing.
    pub(super) fn holds(&self, register: &Register, caller: &Caller, now: Seconds) -> bool {
        self.0.is_none_or(|proof| register.still(&proof, caller, now))
    }
}

/// The answer, with how many notices wait. [ACC-15]
fn told<R>(mut answer: Response<R>, notices: usize) -> Response<R> {
    if notices > 0 {
        answer.headers_mut().insert(NOTICES, notices.into());
    }
    answer
}

impl<S> Layer<S> for Guard {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { guard: self.clone(), inner }
    }
}

impl<S, B, R> Service<Request<B>> for Guarded<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    S::Error: 'static,
    R: Default + Send + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let key = request.extensions().get::<ClientKey>().and_then(|key| key.0);
        match self.guard.admit(request.headers(), key.as_ref(), request.uri().path()) {
            Ok(Some(admitted)) => {
                let notices = self.guard.register.unseen(&admitted.caller.account);
                request.extensions_mut().insert(admitted);
                let answer = self.inner.call(request);
                Box::pin(async move { answer.await.map(|answer| told(answer, notices)) })
            }
            Ok(None) => Box::pin(self.inner.call(request)),
            Err(Rejection::NotPermitted) => {
                let path = request.uri().path();
                let refused = status::not_permitted(path.strip_prefix('/').unwrap_or(path), None);
                Box::pin(async move { Ok(refused.into_http()) })
            }
            Err(rejection) => Box::pin(async move { Ok(status::of(rejection).into_http()) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{Account, AccountId, KeptToken, PersonId, Token};
    use http::HeaderValue;
    use uput_core::{sensitive::Sensitive, wire::Role};

    const METHOD: &str = "/uput.v1.NodeService/GetNode";

    fn guard(token: &Token) -> Guard {
        let (register, account) = (Register::default(), AccountId::new([1; 16]));
        let name = Sensitive::new("an invented auditor".to_owned());
        let role = Role::Auditor;
        let person = PersonId::new([2; 16]);
        let (created, created_by, disabled, erased, notice, seen) = (1, None, false, false, 0, 0);
        register.set_account(Account {
            id: account,
            person,
            name,
            role,
            created,
            created_by,
            disabled,
            erased,
            notice,
            seen,
        });
        register.set_token(KeptToken {
            id: token.id(),
            account,
            digest: token.digest(),
            scopes: Arc::new([]),
            created: 1,
            created_by: None,
            until: 0,
            revoked: false,
            key_digest: None,
            notice: 0,
        });
        Guard::new(Arc::new(register))
    }

    fn call(guard: &Guard, header: Option<&str>, path: &str) -> Option<Rejection> {
        let mut headers = HeaderMap::new();
        if let Some(header) = header {
            headers.insert("authorization", HeaderValue::from_str(header).unwrap());
        }
        guard.admit(&headers, None, path).err()
    }

    #[test]
    fn only_the_token_passes() {
        let token = Token::generate().unwrap();
        let guard = guard(&token);
        let right = format!("Bearer {}", token.expose());
        assert_eq!(call(&guard, Some(&right), METHOD), None);
        let other = format!("Bearer {}", Token::generate().unwrap().expose());
        for wrong in [None, Some("Bearer "), Some(token.expose()), Some("Basic x"), Some(other.as_str())] {
            assert_eq!(call(&guard, wrong, METHOD), Some(Rejection::NotAuthenticated));
        }
    }

    #[test]
    fn guesses_are_slowed_down_and_the_token_still_passes() {
        let token = Token::generate().unwrap();
        let guard = guard(&token);
        let answers: Vec<_> = (0..=FAILURES_PER_MINUTE).map(|_| call(&guard, None, METHOD)).collect();
        assert_eq!(answers.last(), Some(&Some(Rejection::TooMany)));
        assert_eq!(call(&guard, Some(&format!("Bearer {}", token.expose())), METHOD), None);
    }

    /// [ACC-10]
    #[test]
    fn a_call_without_a_row_is_denied() {
        let token = Token::generate().unwrap();
        let (guard, right) = (guard(&token), format!("Bearer {}", token.expose()));
        for path in
            ["", "/", "/uput.v1.NodeService/Unheard", "//uput.v1.NodeService/GetNode", "/uput.v1.NodeService/getnode"]
        {
            assert_eq!(call(&guard, Some(&right), path), Some(Rejection::NotPermitted), "{path}");
        }
        let [denied, parted] = ["/uput.v1.TrailService/OpenTrail", "/uput.v1.TrailService/GetTrail"];
        assert_eq!(call(&guard, Some(&right), denied), Some(Rejection::NotPermitted));
        // Some part of it is the auditor's; which one, the call asks.
        assert_eq!(call(&guard, Some(&right), parted), None);
    }
}
