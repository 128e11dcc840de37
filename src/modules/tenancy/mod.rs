//! Vendors: who they are, and how a request names one.

/// Vendors by how requests name them.
pub struct VendorCache;

impl VendorCache {
    /// An empty cache.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self
    }
    /// Forgets a vendor: it has changed.
    pub fn invalidate(&self, _vendor: crate::framework::id::VendorId) {}
    /// Forgets all: changes may have been missed.
    pub fn clear(&self) {}
}
