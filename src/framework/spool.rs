//! A bounded folder for files that are on their way: uploads while a request runs.
//!
//! Every file removes itself when it is dropped, and the bytes of all living files are counted against one
//! limit, so that uploads can fill neither the memory nor the disk. What a crash leaves behind is removed
//! when a folder is opened the next time.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::AsyncWriteExt;

const LOCK_FILE: &str = ".lock";
const FOLDER_PREFIX: &str = "spool-";
const MAX_FILE_NAME_CHARS: usize = 200;
const MAX_CONTENT_TYPE_BYTES: usize = 127;

/// A file could not be spooled.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// The folder's limit is reached; it is free again when requests that are running now have ended.
    #[error("the spool folder is full")]
    Full,
    /// The file system refused.
    #[error("the spool folder cannot be written")]
    Io(#[from] io::Error),
}

/// The bounded folder. Cheap to clone; clones share the folder and its limit.
#[derive(Clone, Debug)]
pub struct SpoolDir {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    max_bytes: u64,
    used_bytes: AtomicU64,
    next_file: AtomicU64,
    /// Held as long as the folder is in use, and released by the system even after a crash.
    _lock: File,
}

impl SpoolDir {
    /// Opens a spool below `root` that holds at most `max_bytes` at a time. Makes `root` when it is missing.
    ///
    /// Each call gets its own subfolder, so several processes may share a `root` (the limit is then one per
    /// process). Subfolders of processes that are gone are removed. Blocks on the file system: call it at
    /// start.
    pub fn open(root: &Path, max_bytes: u64) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(root)?;
        // Serialises opening, so that a folder that was made but not yet locked is not taken for abandoned.
        let opening = lock_file(root)?;
        opening.lock()?;
        remove_abandoned(root)?;
        let folder = claim_folder(root)?;
        let lock = lock_file(&folder)?;
        lock.lock()?;
        let inner = Inner {
            folder,
            max_bytes,
            used_bytes: AtomicU64::new(0),
            next_file: AtomicU64::new(0),
            _lock: lock,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Bytes of all files that are in the spool now.
    pub fn used_bytes(&self) -> u64 {
        self.inner.used_bytes.load(Ordering::Relaxed)
    }

    /// Starts a new, empty file.
    pub async fn create(&self) -> io::Result<SpoolWriter> {
        let number = self.inner.next_file.fetch_add(1, Ordering::Relaxed);
        let (partial, file) = PartialFile::create(self.inner.folder.join(number.to_string())).await?;
        Ok(SpoolWriter { file, partial, reserved: Reserved { spool: self.inner.clone(), bytes: 0 } })
    }
}

fn lock_file(folder: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(folder.join(LOCK_FILE))
}

fn remove_abandoned(root: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(root)? {
        let entry = entry?;
        let ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(FOLDER_PREFIX));
        if !ours || !entry.file_type()?.is_dir() {
            continue;
        }
        match lock_file(&entry.path())?.try_lock() {
            Ok(()) => std::fs::remove_dir_all(entry.path())?,
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(())
}

fn claim_folder(root: &Path) -> io::Result<PathBuf> {
    let mut number = 0_u32;
    loop {
        let folder = root.join(format!("{FOLDER_PREFIX}{number}"));
        match DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}

/// A share of the spool's limit, given back when dropped.
#[derive(Debug)]
struct Reserved {
    spool: Arc<Inner>,
    bytes: u64,
}

impl Reserved {
    fn grow(&mut self, bytes: u64) -> Result<(), SpoolError> {
        let max = self.spool.max_bytes;
        self.spool
            .used_bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(bytes).filter(|&sum| sum <= max)
            })
            .map_err(|_| SpoolError::Full)?;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.spool.used_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// A spooled file that is still being written. Dropping it removes the file.
#[derive(Debug)]
pub struct SpoolWriter {
    file: tokio::fs::File,
    // Declared before `reserved`: the space is free only once the file is gone.
    partial: PartialFile,
    reserved: Reserved,
}

impl SpoolWriter {
    /// Appends. Fails with [`SpoolError::Full`] before anything of `bytes` is written.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), SpoolError> {
        self.reserved.grow(bytes.len() as u64)?;
        self.file.write_all(bytes).await?;
        Ok(())
    }

    /// Bytes written so far.
    pub fn bytes(&self) -> u64 {
        self.reserved.bytes
    }

    /// Ends the writing. `file_name` and `content_type` are what the client says; they are made harmless
    /// here, and remain a claim to be checked against the content.
    pub async fn finish(
        mut self,
        file_name: Option<&str>,
        content_type: Option<&str>,
    ) -> io::Result<SpooledFile> {
        self.file.flush().await?;
        Ok(SpooledFile {
            partial: self.partial,
            reserved: self.reserved,
            file_name: safe_file_name(file_name),
            content_type: safe_content_type(content_type),
        })
    }
}

/// A complete file in the spool. Dropping it removes the file and frees its space.
#[derive(Debug)]
pub struct SpooledFile {
    partial: PartialFile,
    reserved: Reserved,
    file_name: String,
    content_type: String,
}

impl SpooledFile {
    /// Where the file lies as long as this value lives.
    pub fn path(&self) -> &Path {
        &self.partial.path
    }

    /// Size in bytes.
    pub fn bytes(&self) -> u64 {
        self.reserved.bytes
    }

    /// The client's name for the file: without folders and control characters, at most 200 characters, never
    /// empty. For display, not for opening anything.
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// The media type that the client claims, without parameters; `application/octet-stream` without one.
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// Moves the file out of the spool to `to` (replacing what is there), which frees its space. When this
    /// fails, the file is removed.
    pub async fn persist(self, to: &Path) -> io::Result<()> {
        match tokio::fs::rename(self.path(), to).await {
            Ok(()) => {
                self.partial.keep();
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                let copied = tokio::fs::copy(self.path(), to).await;
                if copied.is_err() {
                    let _ = tokio::fs::remove_file(to).await;
                }
                copied.map(|_| ())
            }
            Err(error) => Err(error),
        }
    }
}

fn safe_file_name(claimed: Option<&str>) -> String {
    let last = claimed.unwrap_or_default().rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.chars().filter(|c| is_printable(*c)).take(MAX_FILE_NAME_CHARS).collect();
    match name.trim() {
        "" | "." | ".." => "upload".to_owned(),
        name => name.to_owned(),
    }
}

/// False for control characters and for the marks that reorder text ("fdp.exe" shown as "exe.pdf").
fn is_printable(c: char) -> bool {
    let reorders = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !c.is_control() && !reorders
}

fn safe_content_type(claimed: Option<&str>) -> String {
    let essence = claimed.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c);
    let valid = essence.len() <= MAX_CONTENT_TYPE_BYTES
        && essence.split_once('/').is_some_and(|(kind, sub)| {
            !kind.is_empty() && !sub.is_empty() && kind.chars().all(token) && sub.chars().all(token)
        });
    if valid { essence.to_ascii_lowercase() } else { "application/octet-stream".to_owned() }
}

/// Removes a file when dropped, unless [`PartialFile::keep`] was called.
#[derive(Debug)]
pub(crate) struct PartialFile {
    path: PathBuf,
    keep: bool,
}

impl PartialFile {
    /// Makes a new file, readable by this user only; fails when `path` exists.
    pub(crate) async fn create(path: PathBuf) -> io::Result<(Self, tokio::fs::File)> {
        // The guard is made where the file is made: when the caller is cancelled meanwhile, the task's result
        // is dropped, and the file with it.
        let task = tokio::task::spawn_blocking(move || {
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            Ok::<_, io::Error>((Self { path, keep: false }, file))
        });
        let (partial, file) = task.await.map_err(io::Error::other)??;
        Ok((partial, tokio::fs::File::from_std(file)))
    }

    /// The file is complete and stays.
    pub(crate) fn keep(mut self) {
        self.keep = true;
    }
}

impl Drop for PartialFile {
    fn drop(&mut self) {
        if !self.keep {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An empty folder of its own for a test, removed at the end.
    pub(crate) struct TestDir(PathBuf);

    impl TestDir {
        pub(crate) fn new() -> Self {
            static NEXT: AtomicU64 = AtomicU64::new(0);
            let name = format!("orion-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            let path = std::env::temp_dir().join(name);
            std::fs::create_dir(&path).unwrap();
            Self(path)
        }

        pub(crate) fn path(&self) -> &Path {
            &self.0
        }

        /// Files in the folder and below, but for lock files.
        pub(crate) fn files(&self) -> Vec<PathBuf> {
            fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
                for entry in std::fs::read_dir(folder).unwrap() {
                    let path = entry.unwrap().path();
                    if path.is_dir() {
                        walk(&path, found);
                    } else if path.file_name().is_some_and(|name| name != LOCK_FILE) {
                        found.push(path);
                    }
                }
            }
            let mut found = Vec::new();
            walk(&self.0, &mut found);
            found
        }
    }

    impl Drop for TestDir {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    async fn spooled(spool: &SpoolDir, content: &[u8]) -> SpooledFile {
        let mut writer = spool.create().await.unwrap();
        writer.write(content).await.unwrap();
        writer.finish(Some("a.csv"), Some("text/csv")).await.unwrap()
    }

    #[tokio::test]
    async fn a_dropped_file_is_gone_and_its_space_free() {
        let dir = TestDir::new();
        let spool = SpoolDir::open(dir.path(), 10).unwrap();
        let file = spooled(&spool, b"12345").await;
        assert_eq!(std::fs::read(file.path()).unwrap(), b"12345");
        assert_eq!((file.bytes(), spool.used_bytes()), (5, 5));
        drop(file);
        assert_eq!(dir.files(), Vec::<PathBuf>::new());
        assert_eq!(spool.used_bytes(), 0);
    }

    #[tokio::test]
    async fn the_limit_holds_over_all_files() {
        let dir = TestDir::new();
        let spool = SpoolDir::open(dir.path(), 10).unwrap();
        let first = spooled(&spool, b"1234567").await;
        let mut second = spool.create().await.unwrap();
        assert!(matches!(second.write(b"1234").await, Err(SpoolError::Full)));
        assert_eq!(spool.used_bytes(), 7);
        second.write(b"123").await.unwrap();
        drop(first);
        second.write(b"4567890").await.unwrap();
        assert_eq!(spool.used_bytes(), 10);
    }

    #[tokio::test]
    async fn a_persisted_file_stays_and_leaves_the_spool() {
        let dir = TestDir::new();
        let spool = SpoolDir::open(&dir.path().join("spool"), 10).unwrap();
        let to = dir.path().join("kept");
        spooled(&spool, b"abc").await.persist(&to).await.unwrap();
        assert_eq!(std::fs::read(&to).unwrap(), b"abc");
        assert_eq!(dir.files(), vec![to]);
        assert_eq!(spool.used_bytes(), 0);
    }

    #[tokio::test]
    async fn a_failed_persist_removes_the_file() {
        let dir = TestDir::new();
        let spool = SpoolDir::open(dir.path(), 10).unwrap();
        let missing = dir.path().join("missing/kept");
        assert!(spooled(&spool, b"abc").await.persist(&missing).await.is_err());
        assert_eq!(dir.files(), Vec::<PathBuf>::new());
        assert_eq!(spool.used_bytes(), 0);
    }

    #[tokio::test]
    async fn opening_removes_what_a_crash_left_and_nothing_else() {
        let dir = TestDir::new();
        let crashed = SpoolDir::open(dir.path(), 10).unwrap();
        std::mem::forget(spooled(&crashed, b"left").await);
        let left = dir.files();
        assert_eq!(left.len(), 1);
        let stranger = dir.path().join("stranger.txt");
        std::fs::write(&stranger, b"not ours").unwrap();

        // While its owner lives, nobody touches the file.
        let second = SpoolDir::open(dir.path(), 10).unwrap();
        let kept = spooled(&second, b"x").await;
        assert!(left[0].exists());

        // A crash is what closes the lock file without anything else.
        let folder = left[0].parent().unwrap().to_owned();
        std::fs::remove_file(folder.join(LOCK_FILE)).unwrap();
        let third = SpoolDir::open(dir.path(), 10).unwrap();
        assert!(!left[0].exists());
        assert!(kept.path().exists());
        assert!(stranger.exists());
        assert_eq!(third.used_bytes(), 0);
    }

    #[test]
    fn claimed_names_and_types_are_made_harmless() {
        let names = [
            (Some("feed.csv"), "feed.csv"),
            (Some("../../etc/passwd"), "passwd"),
            (Some("C:\\feeds\\stock.csv"), "stock.csv"),
            (Some(".."), "upload"),
            (Some("a/"), "upload"),
            (Some("a\u{0}b\r\n.csv"), "ab.csv"),
            (Some("invoice\u{202e}fdp.exe"), "invoicefdp.exe"),
            (None, "upload"),
        ];
        for (claimed, expected) in names {
            assert_eq!(safe_file_name(claimed), expected, "{claimed:?}");
        }
        assert_eq!(safe_file_name(Some(&"ü".repeat(300))), "ü".repeat(200));

        let fallback = "application/octet-stream";
        let types = [
            (Some("Text/CSV; charset=utf-8"), "text/csv"),
            (Some("application/vnd.ms-excel"), "application/vnd.ms-excel"),
            (Some("text/<script>"), fallback),
            (Some("text"), fallback),
            (Some("/"), fallback),
            (None, fallback),
        ];
        for (claimed, expected) in types {
            assert_eq!(safe_content_type(claimed), expected, "{claimed:?}");
        }
        assert_eq!(safe_content_type(Some(&format!("text/{}", "a".repeat(200)))), fallback);
    }
}
