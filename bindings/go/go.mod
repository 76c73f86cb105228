module pellucid

go 1.19
