//! One person's way to a node: raw bytes in, raw bytes out.

use prost::bytes::{Buf, BufMut};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;
use tonic::{Request, Status};

use super::schema::{Method, Schema, Value};
use crate::failed::{Failed, Outcome};

/// A channel, and whose token is shown there.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) channel: Channel,
    pub(super) token: MetadataValue<Ascii>,
}

/// How a message of a watch begins that tells something: its field 1, with a length.
const CHANGES: u8 = 1 << 3 | 2;

/// What came back.
pub(super) type Heard = Result<Vec<u8>, Status>;

impl Door {
    /// One call; of a stream, all messages until one has nothing to tell.
    pub(super) async fn call(&self, method: &Method, bytes: Vec<u8>) -> Heard {
        let mut request = Request::new(bytes);
        request.metadata_mut().insert("authorization", self.token.clone());
        let mut grpc = tonic::client::Grpc::new(self.channel.clone()).max_decoding_message_size(1 << 28);
        grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let path = format!("/{}", method.path);
        let path = path.parse().map_err(|_| Status::internal("a path that is none"))?;
        if method.streams {
            let mut stream = grpc.server_streaming(request, path, Raw).await?.into_inner();
            let mut all = Vec::new();
            while let Some(message) = stream.message().await? {
                all.extend(&message);
                // A sign of life has a cursor, and no change before it.
                if message.first() != Some(&CHANGES) {
                    break;
                }
            }
            return Ok(all);
        }
        grpc.unary(request, path, Raw).await.map(tonic::Response::into_inner)
    }

    /// A call that must be answered, repeated while the node says no: what it waits for may be on its way.
    pub(super) async fn done(
        &self,
        schema: &Schema,
        name: &str,
        content: &[(&'static str, Value)],
    ) -> Outcome<Vec<u8>> {
        let method = schema.method(name)?;
        let bytes = schema.encode(&method.request, content)?;
        let begun = std::time::Instant::now();
        loop {
            match self.call(method, bytes.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(status) if begun.elapsed() > std::time::Duration::from_secs(60) => {
                    return Err(Failed::because(format!("{name}: {:?} {}", status.code(), status.message())));
                }
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(60)).await,
            }
        }
    }
}

/// Bytes as they are.
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut bytes = vec![0; from.remaining()];
        from.copy_to_slice(&mut bytes);
        Ok(Some(bytes))
    }
}
