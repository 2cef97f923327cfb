# strip_attributes takes GlusterFS's extended attributes off a directory.
strip_attributes() {
    getfattr --absolute-names -d -m '^trusted\.' -- "$1" 2>/dev/null | sed -n 's/^\(trusted\.[^=]*\).*/\1/p' | while read -r a; do setfattr -x "$a" -- "$1"; done
}
