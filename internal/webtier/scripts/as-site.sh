# The way into the document root: "as_site command" runs it as the site's own user and
# "as_owner command" as the owner of its program files, $owner, without root's environment
# and groups, and kills it after $limit seconds. The locks of the caller, descriptors 8
# and 9, are not handed on. Output has to go to files: a pipe can be kept open by other
# processes of that user.
as() { who=$1; shift; timeout -k 1 "${limit:-300}" setpriv --reuid="$who" --regid=www-data --clear-groups --no-new-privs --reset-env "$@" 8>&- 9>&-; }
as_site() { as www-data "$@"; }
as_owner() { as "$owner" "$@"; }
