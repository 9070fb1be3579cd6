//! Prints the OpenAPI document; the web admin's client is generated from it.

fn main() -> Result<(), serde_json::Error> {
    println!("{}", serde_json::to_string_pretty(&api::openapi())?);
    Ok(())
}
