<?php
// A client of the files: one file after the other, each of which it reports with its
// checksum once it is written, synced and closed. It ends when its token is gone.
[, $root, $client, $every, $token, $until] = $argv;
set_error_handler(function ($number, $text) { throw new Exception($text); });
$next = microtime(true);
while (microtime(true) < (float) $until && is_file('/run/terraform-ha-drill') && file_get_contents('/run/terraform-ha-drill') === $token) {
    $started = microtime(true);
    // A folder of its own for five minutes: a listing of all files at once would be slow.
    $folder = ".terraform-ha-drill/$client-" . intdiv((int) $started, 300);
    $name = "$folder/" . (int) ($started * 1e6);
    try {
        if (!is_dir("$root/$folder")) mkdir("$root/$folder", 0700);
        $content = bin2hex(random_bytes(random_int(512, 8192)));
        $file = fopen("$root/$name", 'x');
        if (fwrite($file, $content) !== strlen($content) || !fflush($file) || !fsync($file) || !fclose($file)) throw new Exception('a short write');
        $said = "ok $name " . hash('sha256', $content);
    } catch (Throwable $e) {
        $said = 'failed ' . strtr($e->getMessage(), "\r\n", '  ');
    }
    printf("%.6F %.6F %s\n", $started, microtime(true), $said);
    $next = max($next + $every / 1000, microtime(true));
    usleep(max(0, (int) (($next - microtime(true)) * 1e6)));
}
