// Package resources gives access to the files that the X-Ray SDK embedded, by
// the functions that its generator exported. Of the files there is
// resources/DefaultSamplingRules.json, the rules that hold where there are no
// others.
package resources

import (
	"crypto/sha256"
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed DefaultSamplingRules.json
var embedded embed.FS

const folder = "resources"

var files = map[string]string{folder + "/DefaultSamplingRules.json": "DefaultSamplingRules.json"}

func open(name string) (string, error) {
	file, ok := files[strings.ReplaceAll(name, `\`, "/")]
	if !ok {
		return "", fmt.Errorf("asset %s: %w", name, fs.ErrNotExist)
	}
	return file, nil
}

// Asset returns a file's content, or an error if there is none of the name.
func Asset(name string) ([]byte, error) {
	file, err := open(name)
	if err != nil {
		return nil, err
	}
	return embedded.ReadFile(file)
}

// AssetString is Asset as a string.
func AssetString(name string) (string, error) {
	content, err := Asset(name)
	return string(content), err
}

// MustAsset is Asset for files that are known to be there: it panics otherwise.
func MustAsset(name string) []byte {
	content, err := Asset(name)
	if err != nil {
		panic(err)
	}
	return content
}

// MustAssetString is MustAsset as a string.
func MustAssetString(name string) string { return string(MustAsset(name)) }

// AssetInfo describes a file.
func AssetInfo(name string) (os.FileInfo, error) {
	file, err := open(name)
	if err != nil {
		return nil, err
	}
	return fs.Stat(embedded, file)
}

// AssetDigest returns a file's SHA-256.
func AssetDigest(name string) ([sha256.Size]byte, error) {
	content, err := Asset(name)
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	return sha256.Sum256(content), nil
}

// Digests returns the SHA-256 of every file.
func Digests() (map[string][sha256.Size]byte, error) {
	digests := map[string][sha256.Size]byte{}
	for name := range files {
		digest, err := AssetDigest(name)
		if err != nil {
			return nil, err
		}
		digests[name] = digest
	}
	return digests, nil
}

// AssetNames returns the names of all files.
func AssetNames() []string { return slices.Sorted(maps.Keys(files)) }

// AssetDir returns the names inside a folder; "" is the one above all.
func AssetDir(name string) ([]string, error) {
	switch strings.Trim(name, "/") {
	case "":
		return []string{folder}, nil
	case folder:
		var names []string
		for _, file := range AssetNames() {
			names = append(names, path.Base(file))
		}
		return names, nil
	}
	return nil, fmt.Errorf("asset %s: %w", name, fs.ErrNotExist)
}

// RestoreAsset writes a file below dir, as the user may write and all may read.
func RestoreAsset(dir, name string) error {
	content, err := Asset(name)
	if err != nil {
		return err
	}
	to := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return fmt.Errorf("restore asset: %w", err)
	}
	if err := os.WriteFile(to, content, 0o644); err != nil {
		return fmt.Errorf("restore asset: %w", err)
	}
	return nil
}

// RestoreAssets writes a folder's files, or one file, below dir.
func RestoreAssets(dir, name string) error {
	children, err := AssetDir(name)
	if err != nil {
		return RestoreAsset(dir, name)
	}
	for _, child := range children {
		if err := RestoreAssets(dir, path.Join(name, child)); err != nil {
			return err
		}
	}
	return nil
}
