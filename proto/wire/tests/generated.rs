//! The checked-in code is what the schema says. `UPUT_BLESS=1 cargo test -p uput-wire` writes it anew.
#![allow(missing_docs, reason = "a test")]

use std::path::Path;

const FILES: [&str; 12] = [
    "uput/v1/agreement.proto",
    "uput/v1/bundle.proto",
    "uput/v1/code.proto",
    "uput/v1/disclosure.proto",
    "uput/v1/envelope.proto",
    "uput/v1/event.proto",
    "uput/v1/head.proto",
    "uput/v1/key_record.proto",
    "uput/v1/letter.proto",
    "uput/v1/log.proto",
    "uput/v1/node.proto",
    "uput/v1/peer.proto",
];

#[test]
fn generated_code_matches_the_schema() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut compiler = protox::Compiler::new([root]).unwrap();
    compiler.include_imports(true).open_files(FILES).unwrap();
    let descriptors = compiler.file_descriptor_set();
    let out = tempfile::tempdir().unwrap();
    // A code may be printed, a message may not.
    let codes: Vec<String> = descriptors
        .file
        .iter()
        .flat_map(|file| &file.enum_type)
        .map(|code| format!(".uput.v1.{}", code.name()))
        .collect();
    let generator = codes
        .iter()
        .fold(tonic_prost_build::configure(), |generator, code| generator.enum_attribute(code, "#[derive(Debug)]"));
    generator
        .out_dir(out.path())
        .build_client(true)
        .build_server(true)
        .build_transport(false)
        .client_mod_attribute(".", "#[cfg(feature = \"grpc\")]")
        .server_mod_attribute(".", "#[cfg(feature = \"grpc\")]")
        .skip_debug(["."])
        .compile_fds(descriptors)
        .unwrap();
    for name in ["uput.v1.rs"] {
        let fresh = std::fs::read_to_string(out.path().join(name)).unwrap();
        let kept = root.join("src/gen").join(name);
        if std::env::var_os("UPUT_BLESS").is_some() {
            std::fs::write(&kept, &fresh).unwrap();
        }
        assert!(
            std::fs::read_to_string(&kept).unwrap_or_default() == fresh,
            "{name} is stale: run UPUT_BLESS=1 cargo test -p uput-wire"
        );
    }
}
