DROP VIEW variant_availability;
DROP TABLE inventory_movements;
DROP TABLE inventory_items;
DROP TABLE inventory_locations;
