//! Writing to stdout and to files. A closed pipe (`osteon list | head`) is no fault.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use osteon_report::{Figure, Svg, draw, png};

use crate::outcome::{Fault, outside};

/// Writes data to stdout.
pub(crate) fn say(text: &str) -> Result<(), Fault> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Fault::Failed(
            format!("error: cannot write to stdout: {error}"),
        )),
        _ => Ok(()),
    }
}

/// Writes a JSON value to stdout, indented.
pub(crate) fn say_json(value: &serde_json::Value) -> Result<(), Fault> {
    say(&format!("{value:#}\n"))
}

/// Writes a file and the folders above it.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|e| outside("make the folder", folder, e))?;
    }
    fs::write(path, bytes).map_err(|e| outside("write", path, e))
}

/// Writes a figure as `stem.svg` and `stem.png`.
pub(crate) fn write_figure(folder: &Path, stem: &str, figure: &Figure) -> Result<(), Fault> {
    write_drawing(folder, stem, &draw(figure))
}

/// Writes a drawing as `stem.svg` and `stem.png`.
pub(crate) fn write_drawing(folder: &Path, stem: &str, drawing: &Svg) -> Result<(), Fault> {
    write(&folder.join(format!("{stem}.svg")), drawing.text.as_bytes())?;
    let picture = png(drawing).map_err(|reason| Fault::Failed(format!("error: {reason}")))?;
    write(&folder.join(format!("{stem}.png")), &picture)
}

/// What stands below every picture: who simulated what (a body, and whatever else is to be said of it), and what it is for.
pub(crate) fn simulated(what: &str) -> String {
    format!(
        "Simulated with Osteon {}, {what}. For research and teaching; not medical advice.",
        env!("CARGO_PKG_VERSION")
    )
}

/// Writes a drawing to the files that were asked for.
pub(crate) fn write_picture(
    drawing: &Svg,
    svg: Option<&Path>,
    picture: Option<&Path>,
) -> Result<(), Fault> {
    if let Some(path) = svg {
        write(path, drawing.text.as_bytes())?;
    }
    if let Some(path) = picture {
        let bytes = png(drawing).map_err(|reason| Fault::Failed(format!("error: {reason}")))?;
        write(path, &bytes)?;
    }
    Ok(())
}
