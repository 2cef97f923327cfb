<?php
// A client of the database: rows that it reports as they were acknowledged or as they
// failed. It ends when its token is gone. In mode "keep" there is one connection, and one
// row after the other. In mode "new" each row has a connection of its own, and does not
// wait for the ones before: what hangs tells nothing of who comes later.
[, $host, $user, $database, $client, $mode, $every, $token, $until] = $argv;
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
set_error_handler(function ($number, $text) { throw new Exception($text); });
$connect = function () use ($host, $user, $database) {
    $new = mysqli_init();
    $new->options(MYSQLI_OPT_CONNECT_TIMEOUT, 2);
    $new->options(MYSQLI_OPT_READ_TIMEOUT, 5);
    $new->real_connect($host, $user, getenv('SITE_PASSWORD'), $database);
    return $new;
};
$db = null;
$attempt = function () use ($connect, $client, &$db) {
    $started = microtime(true);
    $n = (int) ($started * 1e6);
    try {
        $db ??= $connect();
        $db->query("INSERT INTO terraform_ha_drill (client, n) VALUES ('$client', $n)");
        $said = "ok $client $n";
    } catch (Throwable $e) {
        $said = 'failed ' . strtr($e->getMessage(), "\r\n", '  ');
        $db = null;
    }
    printf("%.6F %.6F %s\n", $started, microtime(true), $said);
};
$next = microtime(true);
while (microtime(true) < (float) $until && is_file('/run/terraform-ha-drill') && file_get_contents('/run/terraform-ha-drill') === $token) {
    if ($mode === 'keep') {
        $attempt();
    } elseif (pcntl_fork() === 0) {
        $attempt();
        exit;
    }
    while (pcntl_waitpid(-1, $status, WNOHANG) > 0);
    // What was missed while an attempt hung is not made up for.
    $next = max($next + $every / 1000, microtime(true));
    usleep(max(0, (int) (($next - microtime(true)) * 1e6)));
}
while (pcntl_waitpid(-1, $status) > 0);
