//! Where texts come from: a project folder on disk, else the files embedded in the program.

use std::fs;
use std::path::{Path, PathBuf};

use osteon_model::{SourceError, Sources};

use crate::outcome::Fault;

include!(concat!(env!("OUT_DIR"), "/embedded_files.rs"));

/// Folder of the signs, as it begins their names.
pub(crate) const SIGNS: &str = "signs/";

/// A folder on disk as a source of texts. Names are relative to it.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    pub(crate) root: PathBuf,
}

impl Folder {
    fn path(&self, id: &str) -> PathBuf {
        self.root.join(id)
    }
}

fn failure(id: &str, error: &std::io::Error) -> SourceError {
    let reason = match error.kind() {
        std::io::ErrorKind::NotFound => "no such file".to_owned(),
        std::io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
        std::io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        _ => error.to_string(),
    };
    SourceError {
        id: id.to_owned(),
        reason,
    }
}

impl Sources for Folder {
    fn text(&self, id: &str) -> Result<String, SourceError> {
        fs::read_to_string(self.path(id)).map_err(|e| failure(id, &e))
    }

    fn bytes(&self, id: &str) -> Result<Vec<u8>, SourceError> {
        fs::read(self.path(id)).map_err(|e| failure(id, &e))
    }

    fn list(&self, dir: &str) -> Result<Vec<String>, SourceError> {
        let entries = fs::read_dir(self.path(dir)).map_err(|e| failure(dir, &e))?;
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|e| failure(dir, &e))?;
            let folder = entry.path().is_dir();
            let name = entry.file_name().to_string_lossy().into_owned();
            names.push(if folder { name + "/" } else { name });
        }
        names.sort();
        Ok(names)
    }
}

/// The files embedded in the program.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Embedded;

impl Sources for Embedded {
    fn text(&self, id: &str) -> Result<String, SourceError> {
        FILES
            .binary_search_by(|(name, _)| (*name).cmp(id))
            .map(|at| FILES[at].1.to_owned())
            .map_err(|_| SourceError {
                id: id.to_owned(),
                reason: "no such file in the program".to_owned(),
            })
    }

    fn list(&self, dir: &str) -> Result<Vec<String>, SourceError> {
        let prefix = if dir.is_empty() || dir.ends_with('/') {
            dir.to_owned()
        } else {
            format!("{dir}/")
        };
        let mut names: Vec<String> = FILES
            .iter()
            .filter_map(|(name, _)| name.strip_prefix(prefix.as_str()))
            .map(|rest| {
                rest.split_once('/')
                    .map_or(rest.to_owned(), |(folder, _)| format!("{folder}/"))
            })
            .collect();
        names.sort();
        names.dedup();
        if names.is_empty() {
            return Err(SourceError {
                id: dir.to_owned(),
                reason: "no such folder in the program".to_owned(),
            });
        }
        Ok(names)
    }
}

/// The project in use. A folder such as `library/` that exists on disk replaces the embedded one as a whole, never file by
/// file: a file removed on disk is gone.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    disk: Option<Folder>,
}

impl Project {
    /// The project of `--project`, else of the present folder if it holds a body, else the embedded one.
    pub(crate) fn find(asked: Option<&Path>) -> Result<Project, Fault> {
        let holds_body = |root: &Path| root.join("body/body.ant").is_file();
        let disk = match asked {
            Some(root) if root.is_dir() => Some(Folder {
                root: root.to_owned(),
            }),
            Some(root) => {
                return Err(Fault::Use(format!(
                    "error: --project {} is not a folder",
                    root.display()
                )));
            }
            None if holds_body(Path::new(".")) => Some(Folder {
                root: PathBuf::from("."),
            }),
            None => None,
        };
        Ok(Project { disk })
    }

    /// The folder on disk, if there is one.
    pub(crate) fn root(&self) -> Option<&Path> {
        self.disk.as_ref().map(|d| d.root.as_path())
    }

    fn holder(&self, id: &str) -> &dyn Sources {
        let top = id.split('/').next().unwrap_or("");
        match &self.disk {
            Some(folder) if folder.root.join(top).exists() => folder,
            _ => &Embedded,
        }
    }

    /// Scenarios by name, without `.toml`.
    pub(crate) fn scenarios(&self) -> Vec<String> {
        let names = self.list("scenarios").unwrap_or_else(|_| Vec::new());
        names
            .into_iter()
            .filter_map(|n| n.strip_suffix(".toml").map(str::to_owned))
            .collect()
    }

    /// Studies by name.
    pub(crate) fn studies(&self) -> Vec<String> {
        self.judged_in("studies/")
    }

    /// Signs by name, with their folder: `signs/NAME`.
    pub(crate) fn signs(&self) -> Vec<String> {
        let names = self.judged_in(SIGNS);
        names.into_iter().map(|n| format!("{SIGNS}{n}")).collect()
    }

    fn judged_in(&self, folder: &str) -> Vec<String> {
        let names = self
            .list(folder.trim_end_matches('/'))
            .unwrap_or_else(|_| Vec::new());
        let folders = names
            .into_iter()
            .filter_map(|n| n.strip_suffix('/').map(str::to_owned));
        folders
            .filter(|n| osteon_study::is_study(self, &format!("{folder}{n}")))
            .collect()
    }
}

impl Sources for Project {
    fn text(&self, id: &str) -> Result<String, SourceError> {
        self.holder(id).text(id)
    }

    fn bytes(&self, id: &str) -> Result<Vec<u8>, SourceError> {
        self.holder(id).bytes(id)
    }

    fn list(&self, dir: &str) -> Result<Vec<String>, SourceError> {
        self.holder(dir).list(dir)
    }
}

/// Splits a path on disk into a source of texts (its folder) and its name in it.
pub(crate) fn beside(path: &Path) -> (Folder, String) {
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .map_or_else(|| PathBuf::from("."), Path::to_path_buf);
    let name = path
        .file_name()
        .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    (Folder { root: folder }, name)
}
