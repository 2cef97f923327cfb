//go:build !unix

package image

import (
	"context"
	"errors"
)

func lockBuild(context.Context) (unlock func(), err error) {
	return nil, errors.New("the lab's images are built on Linux only")
}
