//! Where the file of an import lies until it has ended: a folder for each run, below the data folder.

use std::io;
use std::path::PathBuf;

use crate::app::App;
use crate::framework::id::{ImportJobId, VendorId};
use crate::framework::spool::SpooledFile;

/// The files of one run.
#[derive(Debug, Clone)]
pub struct ImportFiles {
    folder: PathBuf,
}

impl ImportFiles {
    /// Those of a run, whether they exist or not.
    pub fn of(app: &App, vendor: VendorId, job: ImportJobId) -> Self {
        let folder = app.config.data_dir.join("imports");
        Self { folder: folder.join(vendor.uuid().to_string()).join(job.uuid().to_string()) }
    }

    /// The file as it came.
    pub fn feed(&self) -> PathBuf {
        self.folder.join("feed")
    }

    /// Its copy in UTF-8, where it needs one.
    pub fn copy(&self) -> PathBuf {
        self.folder.join("feed.utf8")
    }

    /// Keeps an upload.
    pub async fn keep(&self, upload: SpooledFile) -> io::Result<()> {
        tokio::fs::create_dir_all(&self.folder).await?;
        upload.persist(&self.feed()).await
    }

    /// Makes room for a file that is about to be fetched; what an earlier attempt left goes.
    pub async fn make_room(&self) -> io::Result<()> {
        tokio::fs::create_dir_all(&self.folder).await?;
        match tokio::fs::remove_file(self.feed()).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Removes everything; a run that has ended needs no files. What cannot be removed costs disk space only.
    pub async fn remove(&self) {
        if let Err(error) = tokio::fs::remove_dir_all(&self.folder).await
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "the files of an import could not be removed");
        }
    }
}
