package server

import (
	"testing"
	"testing/fstest"
)

func TestMemoryOf(t *testing.T) {
	const meminfo, all = "MemTotal:        2097152 kB\nMemFree: 1 kB\n", int64(2 << 30)
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"unknown": {nil, 0},
		"machine": {map[string]string{"proc/meminfo": meminfo}, all},
		"cgroup v2, unlimited": {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a.slice/b\n",
			"sys/fs/cgroup/a.slice/b/memory.max": "max\n"}, all},
		"cgroup v2, the outer one is smaller": {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a.slice/b\n",
			"sys/fs/cgroup/a.slice/b/memory.max": "1073741824\n", "sys/fs/cgroup/a.slice/memory.max": "536870912\n"}, 512 << 20},
		"container of cgroup v2": {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n",
			"sys/fs/cgroup/memory.max": "536870912\n"}, 512 << 20},
		"container of cgroup v1": {map[string]string{"proc/meminfo": meminfo,
			"proc/self/cgroup":                           "5:cpu:/docker/1\n4:memory:/docker/1\n0::/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "536870912\n"}, 512 << 20},
		"cgroup v1, unlimited": {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "4:memory:/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, all},
	} {
		files := fstest.MapFS{}
		for path, text := range c.files {
			files[path] = &fstest.MapFile{Data: []byte(text)}
		}
		if got := memoryOf(files); got != c.want {
			t.Errorf("%s: memoryOf = %d, want %d", name, got, c.want)
		}
	}
}
