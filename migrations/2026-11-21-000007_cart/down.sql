DROP TABLE cart_lines;
DROP TABLE carts;
DROP TABLE shipping_methods;
