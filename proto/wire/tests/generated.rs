//! The checked-in code is what the schema says. `UPUT_BLESS=1 cargo test -p uput-wire` writes it anew.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::path::Path;

const GENERATED: &str = "src/gen/uput.v1.rs";

#[test]
fn generated_code_matches_the_schema() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut compiler = protox::Compiler::new([root]).unwrap();
    compiler.include_imports(true).open_files(schema_files(root)).unwrap();
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
    let fresh = std::fs::read_to_string(out.path().join("uput.v1.rs")).unwrap();
    let kept = root.join(GENERATED);
    if std::env::var_os("UPUT_BLESS").is_some() {
        std::fs::write(&kept, &fresh).unwrap();
    }
    assert!(
        std::fs::read_to_string(&kept).unwrap_or_default() == fresh,
        "{GENERATED} is stale: run UPUT_BLESS=1 cargo test -p uput-wire"
    );
}

/// Every file of the schema, so that a new one cannot be forgotten.
fn schema_files(root: &Path) -> Vec<String> {
    let folder = std::fs::read_dir(root.join("uput/v1")).unwrap();
    let mut files: Vec<String> =
        folder.map(|file| format!("uput/v1/{}", file.unwrap().file_name().to_str().unwrap())).collect();
    files.sort();
    files
}
