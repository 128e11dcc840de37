DROP FUNCTION orion_marketplace_search(text, integer);
DROP TABLE publish_jobs;
DROP TABLE category_mappings;
DROP TABLE marketplace_product_translations;
DROP TABLE marketplace_products;
DROP TABLE import_row_errors;
DROP TABLE import_jobs;
DROP TABLE import_sources;
