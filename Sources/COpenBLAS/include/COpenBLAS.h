// OpenBLAS, loaded at run time.
