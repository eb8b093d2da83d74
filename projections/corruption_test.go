package projections

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"admitone/projections/logtest"
)

// corruption is a way of damaging a file.
type corruption struct {
	name  string
	apply func(path string) error
}

// corruptions returns the corruptions to try on a file, given its content and the other files of its folder.
func corruptions(path string, intact []byte, step int, others []string, foreign string) (all []corruption) {
	replace := func(name string, text []byte) {
		all = append(all, corruption{name, func(path string) error { return overwrite(path, text) }})
	}
	all = append(all, corruption{"missing", os.Remove})
	replace("emptied", nil)
	for _, size := range []int{1, len(intact) / 3, len(intact) - 1} {
		replace(fmt.Sprint("cut to ", size), intact[:max(0, min(size, len(intact)))])
	}
	replace("longer", append(bytes.Clone(intact), make([]byte, 40)...))
	flip := func(at int) {
		damaged := bytes.Clone(intact)
		damaged[at] ^= 0x10
		replace(fmt.Sprint("flipped at ", at), damaged)
	}
	for at := 0; at < len(intact)-64; at += step {
		flip(at)
	}
	for at := max(0, len(intact)-64); at < len(intact); at += max(1, step/64) {
		flip(at)
	}
	for _, other := range others {
		if other != path {
			all = append(all, corruption{"swapped with " + filepath.Base(other),
				func(path string) error { return swap(path, other) }})
		}
	}
	if text, err := os.ReadFile(filepath.Join(foreign, filepath.Base(path))); err == nil {
		replace("of a different log", text)
	}
	return all
}

// overwrite changes the bytes of a file that others may have open.
func overwrite(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}

func swap(a, b string) error {
	return errors.Join(os.Rename(a, a+".swap"), os.Rename(b, a), os.Rename(a+".swap", b))
}

// files lists the files in a folder except locked ones.
func files(t testing.TB, dir string) (paths []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.Name() != lockName {
			paths = append(paths, filepath.Join(dir, entry.Name()))
		}
	}
	return paths
}

// currentFile returns the path of the file with a name, or of the file of the same kind that has replaced it.
func currentFile(t testing.TB, dir, name string) string {
	if path := filepath.Join(dir, name); slices.Contains(files(t, dir), path) {
		return path
	}
	for _, path := range files(t, dir) {
		if kindOfFile(filepath.Base(path)) == kindOfFile(name) {
			return path
		}
	}
	t.Fatalf("there is no file like %s, want one", name)
	return ""
}

// kindOfFile returns a file name without its digits.
func kindOfFile(name string) string {
	return strings.Map(func(r rune) rune { return map[bool]rune{true: -1, false: r}[r >= '0' && r <= '9'] }, name)
}

// forEachCorruption calls try with a copy of the views for each corruption of each file.
func forEachCorruption(t *testing.T, step int, try func(t *testing.T, log *logtest.Memory, want *Projections, dir,
	name string, m corruption)) {
	log, sound, foreign := soldLog("first"), t.TempDir(), t.TempDir()
	writeViews(t, log, sound)
	writeViews(t, soldLog("other"), foreign)
	want := foldFresh(t, log)
	tried := 0
	for _, path := range files(t, sound) {
		intact, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		scratch := t.TempDir()
		for i, m := range corruptions(path, intact, step, files(t, sound), foreign) {
			dir := filepath.Join(scratch, fmt.Sprint(i))
			if err := os.CopyFS(dir, os.DirFS(sound)); err != nil {
				t.Fatal(err)
			}
			within := corruption{m.name, func(string) error {
				if other, ok := strings.CutPrefix(m.name, "swapped with "); ok {
					return swap(currentFile(t, dir, name), currentFile(t, dir, other))
				}
				for {
					// The views may have replaced and removed the file in the meantime.
					if err := m.apply(currentFile(t, dir, name)); !errors.Is(err, fs.ErrNotExist) {
						return err
					}
				}
			}}
			t.Run(name+" "+m.name, func(t *testing.T) { try(t, log, want, dir, name, within) })
			tried++
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Logf("%d damaged views", tried)
}
