//! Links the three SUNDIALS libraries that are used.
fn main() {
    for name in ["sundials_cvode", "sundials_nvecserial", "sundials_sunmatrixdense", "sundials_sunlinsoldense"] {
        println!("cargo:rustc-link-lib={name}");
    }
}
