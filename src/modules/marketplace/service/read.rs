//! Reading, for the API: whoever calls has checked `IMPORTS_READ`.

pub use crate::modules::marketplace::store::read::{
    ImportJobFilter, StagedFilter, count_import_jobs, count_row_errors, count_staged, import_jobs,
    import_jobs_by_ids, publish_jobs_by_ids, row_errors, staged, staged_by_ids, staged_of_products,
};
