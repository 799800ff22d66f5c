-- machine: The memory of the machine, and the control groups of the server.
SELECT pg_read_file('/proc/meminfo', 0, 100000, true) AS memory,
  pg_read_file('/proc/self/cgroup', 0, 100000, true) AS groups;

-- limits: The limits of control groups; null without such a file.
SELECT pg_read_file(p.path, 0, 100, true) AS limit FROM unnest($1::text[]) AS p (path);
