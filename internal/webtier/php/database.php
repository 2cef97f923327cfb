<?php
// Prints filled, empty, denied or away. It reads the password from standard input, or
// from the line of the configuration that has it. The numbers are those of a refusal:
// ER_DBACCESS_DENIED_ERROR, ER_ACCESS_DENIED_ERROR, ER_BAD_DB_ERROR,
// ER_HOST_NOT_PRIVILEGED (what a host gets that no account is for),
// ER_ACCESS_DENIED_NO_PASSWORD_ERROR, and a locked account in MySQL and in MariaDB.
[, $file, $host, $name, $user, $prefix] = $argv;
if ($file === '-') $password = stream_get_contents(STDIN);
elseif (!preg_match("/^define\\('DB_PASSWORD', '((?:[^'\\\\]|\\\\.)*)'\\);$/m", file_get_contents($file), $found)) exit('denied');
else $password = preg_replace('/\\\\(.)/', '$1', $found[1]);
[$host, $port] = explode(':', $host . ':3306');
mysqli_report(MYSQLI_REPORT_OFF);
$db = mysqli_init();
$db->options(MYSQLI_OPT_CONNECT_TIMEOUT, 2);
$db->options(MYSQLI_OPT_READ_TIMEOUT, 2);
if (!@$db->real_connect($host, $user, $password, $name, (int) $port)) {
    exit(in_array($db->connect_errno, [1044, 1045, 1049, 1130, 1698, 3118, 4151]) ? 'denied' : 'away');
}
$tables = @$db->query("SHOW TABLES LIKE '" . addcslashes($prefix, '_%') . "options'");
echo $tables === false ? 'away' : ($tables->num_rows ? 'filled' : 'empty');
