//! Tables of kim; every read begins narrowed to a viewer
